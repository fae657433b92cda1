"""A tenant of the source as a plain model: people and groups in dicts, changed by what happens to people."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sync_core.directory.attributes import USER_PRINCIPAL_NAME
from sync_core.entra.port import Presence, SourceUser

STAFF, SALES = "staff", "sales"


@dataclass(slots=True)
class Person:
    object_id: str
    enabled: bool
    values: dict[str, str]

    def as_read(self, attributes: Sequence[str]) -> SourceUser:
        values = {"id": self.object_id, **self.values}
        return SourceUser(self.object_id, self.enabled, tuple(values.get(attribute, "") for attribute in attributes))


@dataclass(slots=True)
class SourceModel:
    """People and groups by object id; a group's object id is its name unless a test says otherwise."""

    tenant_id: str
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    groups: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Object ids of members, people and groups alike."""
    unread_groups: set[str] = field(default_factory=set[str])
    lagging: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(group, person): a membership that lists do not show yet."""
    _deleted: set[str] = field(default_factory=set[str])

    def hire(self, username: str, *groups: str, enabled: bool = True, **attributes: str) -> str:
        """A new account in `groups`, staff if none is named. Returns its object id."""
        object_id = f"{self.tenant_id}/{len(self.people) + 1:03d}"
        values = {USER_PRINCIPAL_NAME: username, "displayName": username.title(), **attributes}
        self.people[object_id] = Person(object_id, enabled, values)
        self.move(object_id, *(groups or (STAFF,)))
        return object_id

    def change(self, object_id: str, **attributes: str) -> None:
        self.people[object_id].values.update(attributes)

    def rename(self, object_id: str, username: str) -> None:
        self.people[object_id].values[USER_PRINCIPAL_NAME] = username

    def rotate(self, *object_ids: str) -> None:
        """Each takes the username of the next, the last that of the first: two swap, three are a chain that closes."""
        names = [self.people[object_id].values[USER_PRINCIPAL_NAME] for object_id in object_ids]
        for object_id, name in zip(object_ids, names[1:] + names[:1], strict=True):
            self.rename(object_id, name)

    def disable(self, object_id: str) -> None:
        self.people[object_id].enabled = False

    def enable(self, object_id: str) -> None:
        self.people[object_id].enabled = True

    def delete(self, object_id: str) -> None:
        """The account is gone: whoever has its name later is another object."""
        self.people[object_id] = Person(object_id, False, {})
        self.move(object_id)
        self._deleted.add(object_id)

    def undelete(self, object_id: str, username: str, *groups: str) -> None:
        """Out of Entra's own bin, under its old object id."""
        self._deleted.discard(object_id)
        self.people[object_id] = Person(object_id, True, {USER_PRINCIPAL_NAME: username, "displayName": username.title()})
        self.move(object_id, *(groups or (STAFF,)))

    def move(self, object_id: str, *groups: str) -> None:
        """Into these groups and out of all others."""
        for members in self.groups.values():
            members.discard(object_id)
        for group in groups:
            self.groups.setdefault(group, set()).add(object_id)

    def nest(self, child: str, parent: str) -> None:
        self.groups.setdefault(parent, set()).add(child)

    def remove_group(self, group: str) -> None:
        del self.groups[group]
        for members in self.groups.values():
            members.discard(group)

    def unread(self, group: str) -> None:
        """From now on the group cannot be read whole."""
        self.unread_groups.add(group)

    def readable(self) -> None:
        self.unread_groups.clear()

    def lag(self, object_id: str, group: str) -> None:
        self.lagging.add((group, object_id))

    # What the port answers

    def has(self, object_id: str) -> bool:
        return object_id in self.people and object_id not in self._deleted

    def members(self, group: str, attributes: Sequence[str]) -> list[SourceUser]:
        """As the list of transitive members shows them."""
        listed = sorted(self._transitive(group))
        return [self.people[person].as_read(attributes) for person in listed if (group, person) not in self.lagging]

    def presences(self, object_ids: Iterable[str], attributes: Sequence[str]) -> dict[str, Presence]:
        return {object_id: self._presence(object_id, attributes) for object_id in object_ids}

    def groups_of(self, object_id: str) -> frozenset[str]:
        return frozenset(group for group in self.groups if object_id in self._transitive(group))

    def _presence(self, object_id: str, attributes: Sequence[str]) -> Presence:
        if not self.has(object_id):
            return Presence(None)
        return Presence(self.people[object_id].as_read(attributes), self.groups_of(object_id))

    def _transitive(self, group: str, above: Collection[str] = ()) -> set[str]:
        found: set[str] = set()
        for member in self.groups[group]:
            if member in self.people:
                found.add(member)
            elif member in self.groups and member not in above:
                found |= self._transitive(member, {*above, group})
        return found
