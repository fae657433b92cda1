"""Explains one user: looks it up, its groups and the way to them, and asks the plan. Writes nothing (D-13)."""

from collections.abc import Mapping
from dataclasses import replace as with_

from sync_core import ids
from sync_core.directory.syncs import Sync, check_runnable
from sync_core.entra.port import Directory, Questions, SourceGroup
from sync_core.errors import Misconfigured, NotFound, Reauthorize, StopRun
from sync_core.individual.few import Decided, FewPlanner
from sync_core.individual.lookup import Found, object_of
from sync_core.planning.asked import asked_names
from sync_core.planning.claims import edit_mark
from sync_core.planning.explain import Explanation, Step, Through, paths, values_of
from sync_core.runs.context import Context
from sync_core.runs.plan import make_writer
from sync_core.runs.record import Run, RunKind
from sync_core.storage.together import together

LEVELS = 4
MOST_GROUPS = 60
"""How far the way up to the selected groups is looked for: a few levels of groups, and so many groups in all."""


class Explain:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._few = FewPlanner(context)

    async def of(self, directory_key: str, user: str) -> Explanation:
        """`user`: a name in Entra, an object id, or a user id here. Raises NotFound for a sync, or a user id, that is not there; Rejected
        for a sync without groups; Transient.
        """
        sync = await self._context.syncs.existing(directory_key)
        check_runnable(sync)
        (name,) = asked_names([user])
        try:
            decided = await self._decided(sync, name)
            groups = await self._through(sync, decided, name)
        except (Reauthorize, Misconfigured, StopRun) as refusal:
            return Explanation(user=name, connected=False, problem=str(refusal))
        outcome = decided.outcome(name)
        presence = decided.found.presences.get(outcome.object_id)
        there = presence.user if presence is not None else None
        return Explanation(
            user=name,
            connected=True,
            in_entra=there is not None,
            enabled=there is not None and there.enabled,
            groups=groups.get(outcome.object_id, ()),
            values=values_of(sync.mapping, there) if there is not None else (),
            outcome=outcome,
        )

    async def _decided(self, sync: Sync, name: str) -> Decided:
        now = self._context.clock.now()
        mark = edit_mark(now, ids.new_reference_code(self._context.random_bits))
        run = Run(
            run=mark, directory_key=sync.directory_key, fence=0, actor="", queued_at=now, kind=RunKind.INDIVIDUAL, sync=sync, read_at=now
        )
        found, (lock, _), writer = await together(
            self._found(sync, name), self._context.locks.read(sync.directory_key), make_writer(self._context, run)
        )
        return await self._few.decide(run, sync, found, with_(writer, individual=True), lock.last_run)

    async def _found(self, sync: Sync, name: str) -> Found:
        lookup = self._few.lookup
        if ids.has_form(name, "DU"):
            user = await self._context.users.get(name)
            if user is None:
                raise NotFound(f"there is no user {name}")
            object_id = object_of(user, sync.directory_key)
            if object_id:
                return await lookup.found(sync, {name: ()}, {name: object_id})
            name_here = user.last_username
            found = await self._by_name(sync, name_here)
            return Found({name: found.objects[name_here]}, {}, found.presences, found.requests_left)
        if ids.is_guid(name):
            return await lookup.found(sync, {name: ()}, {name: name.lower()})
        return await self._by_name(sync, name)

    async def _by_name(self, sync: Sync, name: str) -> Found:
        named, known = await together(self._few.lookup.named(sync, (name,)), self._few.lookup.known(sync, (name,)))
        return await self._few.lookup.found(sync, named, known)

    # Nesting

    async def _through(self, sync: Sync, decided: Decided, name: str) -> Mapping[str, tuple[Through, ...]]:
        """By object: the selected groups that it is in, and the way to each."""
        found: dict[str, tuple[Through, ...]] = {}
        source = await self._context.source(sync.tenant_id)
        for object_id in decided.found.objects[name]:
            memberships = decided.found.presences[object_id].groups
            selected = {group.object_id: group for group in sync.groups if group.object_id in memberships}
            ways = await _ways(source, object_id, set(selected)) if selected else {}
            found[object_id] = tuple(
                Through(object_id=group.object_id, group_id=group.group_id, name=group.name, path=ways.get(group.object_id, ()))
                for group in selected.values()
            )
        return found


async def _ways(source: Directory, object_id: str, wanted: set[str]) -> dict[str, tuple[str, ...]]:
    """The shortest way to each wanted group, level by level, as far as LEVELS and MOST_GROUPS go."""
    told = await source.ask(Questions(parents=(("user", object_id),)), ())
    direct = [group.object_id for group in told.parents["user", object_id]]
    steps = {group.object_id: Step(group, ()) for group in told.parents["user", object_id]}
    ahead = direct
    for _ in range(LEVELS):
        ahead = ahead[: max(0, MOST_GROUPS - len(steps) + len(ahead))]
        if wanted <= steps.keys() or not ahead:
            break
        above = (await source.ask(Questions(parents=tuple(("group", group) for group in ahead)), ())).parents
        ahead = _climb(steps, {group: above["group", group] for group in ahead})
    return paths(direct, steps, wanted)


def _climb(steps: dict[str, Step], above: Mapping[str, tuple[SourceGroup, ...]]) -> list[str]:
    """Notes what each group is in; returns the groups that are new."""
    new: dict[str, SourceGroup] = {}
    for group, parents in above.items():
        steps[group] = Step(steps[group].group, tuple(parent.object_id for parent in parents))
        new |= {parent.object_id: parent for parent in parents if parent.object_id not in steps}
    steps |= {group: Step(parent, ()) for group, parent in new.items()}
    return list(new)
