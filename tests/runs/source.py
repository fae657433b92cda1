"""A plain source of users and groups: what Entra says, without Entra. Counts what it is asked, and fails as told."""

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sync_core.entra.port import Answers, Page, Presence, Questions, Sight, SourceGroup, SourceUser
from sync_core.errors import GroupGone, IncompleteRead
from sync_core.storage.cuts import Call, Interrupt, Point
from sync_core.tally import GRAPH, count


@dataclass
class Account:
    object_id: str
    enabled: bool = True
    attributes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class ModelSource:
    page_size: int = 3
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    members: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Object ids by group."""
    group_names: dict[str, str] = field(default_factory=dict[str, str])
    """By group; one without is named by its id."""
    lagging: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Group and member that the listing misses although it is one."""
    broken: dict[str, Callable[[], Exception]] = field(default_factory=dict[str, Callable[[], Exception]])
    """What listing a group raises."""
    short: set[str] = field(default_factory=set[str])
    """Groups whose listing has fewer rows than its count."""
    hidden: set[str] = field(default_factory=set[str])
    """Groups that hide their members."""
    nested: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """By group, the groups in it, whose members are listed in both."""
    away: Exception | None = None
    """What any question about single users raises."""
    hired: int = 0
    asked: Counter[str] = field(default_factory=Counter[str])
    tenant: str = "11111111-1111-4111-8111-111111111111"

    def hire(self, name: str, *groups: str, enabled: bool = True, **attributes: str) -> str:
        self.hired += 1
        object_id = f"00000000-0000-4000-8000-{self.hired:012x}"
        upn = {"userPrincipalName": name, "displayName": name.partition("@")[0].title(), "mail": name}
        self.accounts[object_id] = Account(object_id, enabled, upn | attributes)
        self.join(object_id, *groups)
        return object_id

    def join(self, object_id: str, *groups: str) -> None:
        for group in groups:
            self.members.setdefault(group, set()).add(object_id)

    def quit(self, object_id: str, *groups: str) -> None:
        for group in groups or tuple(self.members):
            self.members[group].discard(object_id)

    def named(self, name: str) -> str:
        """The object id of the account with this name before the "@"."""
        (found,) = (a.object_id for a in self.accounts.values() if a.attributes["userPrincipalName"] == f"{name}@corp.example")
        return found

    def rename(self, name: str, to: str) -> None:
        self.accounts[self.named(name)].attributes["userPrincipalName"] = f"{to}@corp.example"

    def swap_names(self, one: str, other: str) -> None:
        self.rename(one, "~")
        self.rename(other, one)
        self.rename("~", other)

    def delete(self, object_id: str) -> None:
        self.quit(object_id)
        del self.accounts[object_id]

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        count(GRAPH)

    def _user(self, object_id: str, attributes: Sequence[str]) -> SourceUser:
        account = self.accounts[object_id]
        return SourceUser(object_id, account.enabled, tuple(account.attributes.get(name, "") for name in attributes))

    async def organization(self) -> tuple[str, str]:
        self._ask("organization")
        return self.tenant, "Acme"

    async def group(self, object_id: str) -> SourceGroup:
        self._ask("group")
        if object_id not in self.members:
            raise GroupGone(f"there is no group {object_id}")
        return SourceGroup(object_id, self._name(object_id))

    async def find_groups(self, prefix: str, *, limit: int = 100) -> list[SourceGroup]:
        return [SourceGroup(group, group.title()) for group in sorted(self.members) if group.startswith(prefix.lower())][:limit]

    async def members_page(self, group: str, attributes: Sequence[str], start: int) -> Page:
        listed = sorted(m for m in self.members[group] if (group, m) not in self.lagging)
        rows = listed[start : start + self.page_size]
        after = start + self.page_size
        total = len(listed) + (group in self.short)
        return Page(
            tuple(self._user(m, attributes) for m in rows),
            len(rows),
            total if start == 0 else None,
            f"next:{group}:{after}" if after < len(listed) else "",
        )

    async def close(self) -> None: ...

    async def presence(self, object_ids: Sequence[str], attributes: Sequence[str]) -> Mapping[str, Presence]:
        for _ in range(0, len(object_ids), 10):
            self._ask("batch")
        return {
            object_id: Presence(
                self._user(object_id, attributes), frozenset(g for g, members in self.members.items() if object_id in members)
            )
            if object_id in self.accounts
            else Presence(None)
            for object_id in object_ids
        }

    async def ask(self, questions: Questions, attributes: Sequence[str]) -> Answers:
        asked = (*questions.names, *questions.users, *questions.memberships, *questions.groups, *questions.parents)
        for _ in range(0, len(asked), 20):
            self._ask("batch")
        if self.away is not None:
            raise self.away
        of = questions.attribute
        named = {
            name: tuple(self._user(i, attributes) for i, a in self.accounts.items() if a.attributes.get(of, "").lower() == name.lower())[:3]
            for name in questions.names
        }
        return Answers(
            named=named,
            users={i: self._user(i, attributes) if i in self.accounts else None for i in questions.users},
            memberships={i: frozenset(self._groups_of(i)) if i in self.accounts else None for i in questions.memberships},
            groups={group: self._sight(group) for group in questions.groups},
            group_names={group: self._name(group) for group in questions.groups if group in self.members},
            parents={of: tuple(SourceGroup(g, g.title()) for g in self._parents(of[1])) for of in questions.parents},
        )

    def _name(self, group: str) -> str:
        return self.group_names.get(group, group.title())

    def _groups_of(self, object_id: str) -> list[str]:
        return [group for group, members in self.members.items() if object_id in members]

    def _sight(self, group: str) -> Sight:
        if group not in self.members:
            return Sight.GONE
        return Sight.HIDDEN if group in self.hidden else Sight.THERE

    def _parents(self, of: str) -> list[str]:
        """The model keeps transitive members: `nested` tells which groups are in which."""
        direct = [group for group in self._groups_of(of) if not any(inner in self._groups_of(of) for inner in self.nested.get(group, ()))]
        return direct + [outer for outer, inner in self.nested.items() if of in inner]

    async def listed(self, group: str, attributes: Sequence[str], next_link: str) -> Page:
        self._ask("page")
        if group in self.broken:
            raise self.broken[group]()  # noqa: RSE102, it makes the error
        if group not in self.members:
            raise GroupGone(f"there is no group {group}")
        return await self.members_page(group, attributes, int(next_link.rpartition(":")[2]) if next_link else 0)


class ModelDirectory:
    """The source port on a model; `interrupt` is called around each request of a run."""

    def __init__(self, model: ModelSource, interrupt: Interrupt) -> None:
        self.model = model
        self._interrupt = interrupt
        self.organization = model.organization
        self.find_groups = model.find_groups
        self.close = model.close

    async def group(self, object_id: str) -> SourceGroup:
        return await self._asked("group", self.model.group(object_id))

    async def members(self, group: str, attributes: Sequence[str], *, next_link: str = "") -> Page:
        return await self._asked("members", self.model.listed(group, attributes, next_link))

    async def presence(self, object_ids: Sequence[str], attributes: Sequence[str]) -> Mapping[str, Presence]:
        return await self._asked("presence", self.model.presence(object_ids, attributes))

    async def ask(self, questions: Questions, attributes: Sequence[str]) -> Answers:
        return await self._asked("ask", self.model.ask(questions, attributes))

    async def _asked[T](self, what: str, answer: Coroutine[Any, Any, T]) -> T:
        with closing(answer):
            await self._pass("before", what)
            told = await answer
            await self._pass("after", what)
            return told

    async def _pass(self, point: Point, what: str) -> None:
        waiting = self._interrupt(point, "graph", "ask", Call("Graph", key=what))
        if waiting is not None:
            await waiting


def incomplete() -> Exception:
    return IncompleteRead("the page was cut off")
