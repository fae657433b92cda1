"""The plan over a few users, each read by itself: what an individual sync applies, and what an explanation tells. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from sync_core import ids
from sync_core.directory.names import digest
from sync_core.directory.syncs import Sync
from sync_core.entra.port import Presence, Sight
from sync_core.individual.conflicts import Conflicts
from sync_core.individual.lookup import Found, Lookup, source_username
from sync_core.planning.claims import wanted_names
from sync_core.planning.identity import Stored
from sync_core.planning.outcomes import NO_SUCH_NAME, NOT_SELECTED, UNREAD, Became, Outcome, outcome
from sync_core.planning.plan import Plan, plan
from sync_core.planning.reading import Comparison, GroupReading, Indexed, Reading
from sync_core.planning.reading import Outcome as GroupOutcome
from sync_core.planning.settle import Writer
from sync_core.runs.context import Context
from sync_core.runs.gather import Gatherer, Left
from sync_core.runs.record import Run
from sync_core.storage.objects import ObjectRow
from sync_core.storage.together import together

_OUTCOMES = {Sight.THERE: GroupOutcome.READ, Sight.GONE: GroupOutcome.GONE, Sight.HIDDEN: GroupOutcome.UNREAD}


@dataclass(frozen=True, slots=True)
class Decided:
    """A plan over a few users, and what it was made from."""

    found: Found
    rows: Mapping[str, tuple[ObjectRow, str]]
    """What the sync knew of the objects, each with its ETag, by object id."""
    reading: Reading
    stored: Stored
    plan: Plan
    sync: Sync
    kept_groups: frozenset[str]
    """Ids of the groups that are there."""

    def outcome(self, name: str) -> Outcome:
        """What the plan comes to for this name."""
        object_ids = self.found.objects[name]
        if not object_ids:
            return Outcome(name=name, became=Became.NOT_FOUND, reason=NO_SUCH_NAME)
        told = [self._of_object(name, object_id) for object_id in object_ids]
        return next((one for one in told if one.became is not Became.NOT_A_MEMBER), told[0])

    def _of_object(self, name: str, object_id: str) -> Outcome:
        change = next((change for change in self.plan.changes if change.object_id == object_id), None)
        skip = next((skip for skip in self.plan.skips if skip.object_id == object_id), None)
        user = self.found.presences[object_id].user
        found = outcome(name, change, skip, self.stored.group_names, source_username(self.sync, user))
        if found is not None:
            return found
        row, _ = self.rows.get(object_id, (None, ""))
        if row is not None and not row.trashed:
            return Outcome(name=name, became=Became.SKIPPED, object_id=object_id, user_id=row.user_id, username=row.username, reason=UNREAD)
        if user is None:
            return Outcome(name=name, became=Became.NOT_FOUND, object_id=object_id, reason=NO_SUCH_NAME)
        return Outcome(name=name, became=Became.NOT_A_MEMBER, object_id=object_id, reason=NOT_SELECTED)


class FewPlanner:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._gather = Gatherer(context)
        self._conflicts = Conflicts(context)
        self.lookup = Lookup(context)

    async def decide(self, run: Run, sync: Sync, found: Found, writer: Writer, last_run: str) -> Decided:
        """`run.run` is the mark of its claims, if it makes any."""
        rows, groups, shared = await together(
            self._context.objects.many(sync.directory_key, found.presences),
            self._context.groups.all(),
            self._conflicts.known(sync.directory_key, last_run, found.presences),
        )
        bits = {group.group_id: 1 << n for n, group in enumerate(sync.groups)}
        indexed = [_indexed(row, etag, bits) for row, etag in rows.values()]
        reading = Reading(await self._groups(sync, found, indexed), sync.mapping)
        _add_members(reading, sync, found.presences)
        comparison = Comparison(reading, frozenset())
        comparison.take(indexed)
        leavers = [] if reading.unread else reading.confirm(comparison.absent, found.presences)
        left = {leaver.object_id for leaver in leavers}
        if not reading.unread:
            comparison.take_back([one for one in comparison.absent if one.object_id not in left])
        comparison.finish()
        kept = frozenset(digest(row.username) for row, _ in rows.values())
        behind = Left(frozenset(), kept, {}, {})
        stored = await self._gather.stored(run, reading, comparison.candidates, leavers, behind, [group for group, _ in groups])
        looked_at = kept.union(key for candidate in comparison.candidates for key in wanted_names(candidate.mapped))
        stored = replace(await self._with_usernames(stored, looked_at), shared=shared)
        made = plan(
            reading,
            comparison.candidates,
            leavers,
            stored,
            writer,
            new_user_id=partial(ids.new_user_id, self._context.random_bits),
            gone=frozenset(object_id for object_id in left if found.presences[object_id].user is None),
        )
        return Decided(found, rows, reading, stored, made, sync, frozenset(group.group_id for group, _ in groups))

    async def _with_usernames(self, stored: Stored, looked_at: frozenset[str]) -> Stored:
        """With the claims of usernames that stay: of users whom another sync, or a hand, has named since this one last did."""
        names = {digest(record.username) for record in stored.records.values() if record.username}
        if not (missing := names - looked_at):
            return stored
        claims = {key: claim for key, (claim, _) in (await self._context.names.many(missing)).items()}
        owners = {user_id for claim in claims.values() for user_id in (claim.owner, claim.was) if user_id}
        records = await self._context.users.many(owners.difference(stored.records))
        others = {user_id: found.user for user_id, found in records.items()}
        return replace(stored, claims={**stored.claims, **claims}, records={**stored.records, **others})

    async def _groups(self, sync: Sync, found: Found, indexed: list[Indexed]) -> tuple[GroupReading, ...]:
        """Read by its members' own answers; a group that somebody would lose is looked at: it may be gone, or hide its members (D-10)."""
        lost: set[str] = set()
        for one in indexed:
            presence = found.presences[one.object_id]
            if presence.user is not None and not one.trashed:
                lost.update(g.object_id for n, g in enumerate(sync.groups) if one.mask >> n & 1 and g.object_id not in presence.groups)
        sights = await self.lookup.sights(sync, lost, found.requests_left)
        outcomes = {group: _OUTCOMES[sights[group]] if group in sights else GroupOutcome.UNREAD for group in lost}
        return tuple(
            GroupReading(group.object_id, group.group_id, group.name, outcomes.get(group.object_id, GroupOutcome.READ))
            for group in sync.groups
        )


def _indexed(row: ObjectRow, etag: str, bits: Mapping[str, int]) -> Indexed:
    """Without its fingerprint, for a reading is stamped also where nothing differs (D-16)."""
    return Indexed(row.object_id, row.user_id, "", row.trashed, sum(bits.get(group, 0) for group in row.groups), etag)


def _add_members(reading: Reading, sync: Sync, presences: Mapping[str, Presence]) -> None:
    for presence in presences.values():
        for n, group in enumerate(sync.groups):
            if presence.user is not None and group.object_id in presence.groups:
                reading.add(n, [presence.user])
