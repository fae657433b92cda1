"""Gathers what a plan looks at: the staged pages, the sync's index, the answers about absentees, the names wanted and their holders."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.lookups import Pointer
from sync_core.directory.names import digest
from sync_core.directory.syncs import SelectedGroup, Sync
from sync_core.directory.users import Status, User
from sync_core.entra.port import PartlyTold, Presence, Questions, Sight
from sync_core.errors import StopRun, Superseded
from sync_core.planning.claims import Alive, wanted_names
from sync_core.planning.identity import Stored
from sync_core.planning.reading import DELETED_MEANWHILE, Candidate, Comparison, GroupReading, Indexed, Outcome, Population, Reading
from sync_core.planning.settle import gained
from sync_core.runs.context import Context
from sync_core.runs.course import settings_of
from sync_core.runs.heed import released_users
from sync_core.runs.record import Run, RunKind
from sync_core.storage.ahead import ahead
from sync_core.storage.bulk import each
from sync_core.storage.objects import ObjectRow
from sync_core.storage.staging import GroupMark, GroupsTold
from sync_core.storage.users import StoredUser

IDS_A_BATCH = 100
"""Ten `$batch` requests: what is asked and kept at a time."""
_PARALLEL = 4


@dataclass(frozen=True, slots=True)
class Left:
    """What runs that did not end cleanly may have left: the objects that they were to write, and the names that they claimed or freed."""

    objects: frozenset[str]
    digests: frozenset[str]
    points: Mapping[str, frozenset[Pointer]]
    """By user id."""
    groups: Mapping[str, frozenset[str]]
    """By user id: ids of the groups whose member rows were to follow."""


class Gatherer:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def reading(self, run: Run) -> Reading:
        """Every staged page of every group that was read whole."""
        sync = settings_of(run)
        marks = await self._context.staging.marks(run.run, "read", GroupMark)
        if len(marks) < len(sync.groups):
            raise Superseded(f"what run {run.run} read is gone: it has ended")
        told = (await self._context.staging.marks(run.run, "groups", GroupsTold)).get("told")
        read = {n: mark for n in range(len(sync.groups)) if (mark := marks[f"{n:03d}"]).outcome is Outcome.READ}
        told = told or await self._told(run, tuple(sync.groups[n].object_id for n in read))
        groups = tuple(_group_reading(group, marks[f"{n:03d}"], told) for n, group in enumerate(sync.groups))
        reading = Reading(groups, sync.mapping)
        counting = {n: (mark.attempt, mark.pages) for n, mark in read.items() if groups[n].outcome is Outcome.READ}
        async for n, users in self._context.staging.users(run.run, counting):
            reading.add(n, users)
            if len(reading.users) > self._context.max_users:
                raise StopRun(f"more than {self._context.max_users} users: raise MAX_PLAN_USERS, with 1.5 KB of memory for each")
        return reading

    async def _told(self, run: Run, groups: tuple[str, ...]) -> GroupsTold:
        """What the groups that were read are called now: asked once, twenty in a request."""
        if not groups:
            return GroupsTold(names={})
        source = await self._context.source(settings_of(run).tenant_id)
        answers = await source.ask(Questions(groups=groups), ())
        told = GroupsTold(names=answers.group_names, gone=tuple(g for g in groups if answers.groups[g] is Sight.GONE))
        await self._context.staging.mark(run.run, "groups", "told", told)
        return told

    async def left_behind(self, directory_key: str) -> Left:
        lock, _ = await self._context.locks.read(directory_key)
        objects: set[str] = set()
        digests: set[str] = set()
        points: dict[str, frozenset[Pointer]] = {}
        groups: dict[str, frozenset[str]] = {}
        for run in lock.unclean:
            for plan in await self._context.changes.plans(run):
                async for _, changes in self._context.changes.slices(run, plan):
                    objects.update(change.object_id for change in changes)
                    digests.update(move.digest for change in changes for move in change.moves)
                    digests.update(key for change in changes for key in (*change.frees, *change.drops))
                    for change in changes:
                        points[change.user_id] = gained(change).union(change.loses, points.get(change.user_id, ()))
                        groups[change.user_id] = frozenset((*change.enters, *change.leaves, *groups.get(change.user_id, ())))
        return Left(frozenset(objects), frozenset(digests), points, groups)

    async def compare(self, run: Run, reading: Reading, left: Left, groups: Sequence[Group]) -> tuple[Comparison, Population]:
        """What differs from the index; and whom the sync holds, in the groups that it keeps: those selected no more too."""
        kept = (group.group_id for group in groups if group.sync == run.directory_key)
        bits = {group_id: 1 << n for n, group_id in enumerate(dict.fromkeys((*(group.group_id for group in reading.groups), *kept)))}
        comparison = Comparison(reading, left.objects)
        released = await self._released(run)
        async for page in ahead(self._context.objects.index(run.directory_key, bits)):
            await asyncio.to_thread(comparison.take, _without_fingerprints(page, released) if released else page)
        return comparison, comparison.population(bits)

    async def _released(self, run: Run) -> set[str]:
        """For a preview, those whose fingerprints the first step of a run would empty, because another sync was deleted (D-17)."""
        if run.kind is not RunKind.PREVIEW:
            return set()
        lock, _ = await self._context.locks.read(run.directory_key)
        return (await released_users(self._context, settings_of(run), lock.heeded))[1]

    async def presences(self, run: Run, absent: Iterable[Indexed]) -> dict[str, Presence]:
        """What the source says of each absentee, asked by object id; what an earlier delivery was told is not asked again (D-11)."""
        sync = settings_of(run)
        kept, answers = await self._context.staging.answers(run.run)
        missing = sorted({indexed.object_id for indexed in absent} - answers.keys())
        batches = [missing[start : start + IDS_A_BATCH] for start in range(0, len(missing), IDS_A_BATCH)]
        source = await self._context.source(sync.tenant_id)

        busy: list[PartlyTold] = []

        async def ask(batch: tuple[int, list[str]]) -> Mapping[str, Presence]:
            number, object_ids = batch
            told: Mapping[str, Presence] = {}
            try:
                if not busy:
                    told = await source.presence(object_ids, sync.mapping.sources)
            except PartlyTold as partly:
                busy.append(partly)
                told = partly.told
            if told:
                await self._context.staging.add_answers(run.run, number, told)
            return told

        for told in await each(list(enumerate(batches, kept)), ask, _PARALLEL):
            answers |= told
        if busy:
            raise max(busy, key=lambda partly: partly.retry_after)
        return answers

    async def stored(
        self, run: Run, reading: Reading, candidates: list[Candidate], leavers: list[Indexed], left: Left, groups: Sequence[Group]
    ) -> Stored:
        syncs = [sync for sync in await self._context.syncs.all() if sync.deleted_at is None]
        known = await self._elsewhere(settings_of(run), syncs, candidates)
        wanted = {key for candidate in candidates for key in wanted_names(candidate.mapped)}
        outdone = await self._outdone(run, candidates, leavers) if known and run.kind is not RunKind.INDIVIDUAL else frozenset[str]()
        claims = await self._context.names.many(wanted | left.digests | outdone)
        # Between claims and records: whoever is not alive any more has written its records, or never will.
        alive = await self._context.locks.alive(self._context.clock.now(), own=run.run)
        user_ids = {candidate.indexed.user_id for candidate in candidates if candidate.indexed is not None}
        user_ids.update(leaver.user_id for leaver in leavers)
        user_ids.update(left.points)
        user_ids.update(row.user_id for rows in known.values() for row in rows.values())
        user_ids.update(user_id for claim, _ in claims.values() for user_id in (claim.owner, claim.was) if user_id)
        users = await self._context.users.many(user_ids)
        disabled = frozenset(group.group_id for group in groups if group.status is GroupStatus.DISABLED)
        return Stored(
            records={user_id: stored.user for user_id, stored in users.items()},
            claims={key: claim for key, (claim, _) in claims.items()},
            elsewhere=_best(known, users),
            making=await self._making(run, known, alive),
            points=left.points,
            regrouped=left.groups,
            alive=alive,
            relink=run.relink,
            confirmed=await self._confirmed(run, (stored.user for stored in users.values()), disabled, syncs),
            disabled_groups=disabled,
            own_groups=frozenset(group.group_id for group in groups if group.sync == run.directory_key),
            group_names={group.group_id: group.name for group in groups} | {group.group_id: group.name for group in reading.groups},
        )

    async def _making(self, run: Run, known: Mapping[str, Mapping[str, ObjectRow]], alive: Alive) -> dict[str, str]:
        """`Stored.making`; the own rows are read for those alone whom another sync is making."""
        lower = sorted((key for key in known if key < run.directory_key), reverse=True)  # the lowest key counts
        making = {object_id: row.user_id for key in lower for object_id, row in known[key].items() if row.run in alive}
        own = await self._context.objects.many(run.directory_key, making)
        return making | {object_id: row.user_id for object_id, (row, _) in own.items() if row.run in alive}

    async def _outdone(self, run: Run, candidates: Iterable[Candidate], leavers: Iterable[Indexed]) -> frozenset[str]:
        """Digests of the usernames that this sync gave to users whom another one has written since: where both made the user at once,
        its record never listed one of the two names, and nobody else knows that it is claimed.
        """
        indexed = (*(candidate.indexed for candidate in candidates if candidate.indexed is not None), *leavers)
        rows = await self._context.objects.many(run.directory_key, (one.object_id for one in indexed if not one.fingerprint))
        return frozenset(digest(row.username) for row, _ in rows.values() if row.username)

    async def _confirmed(self, run: Run, users: Iterable[User], disabled: frozenset[str], syncs: list[Sync]) -> dict[str, str]:
        """User id by object id of takeovers that an admin confirmed; looked up only where there may be one to confirm (D-05)."""
        existing = {sync.directory_key for sync in syncs}
        unmanaged = (user for user in users if not user.in_trash and existing.isdisjoint(user.held_by))
        if not any(user.status is Status.DISABLED or not disabled.isdisjoint(user.groups) for user in unmanaged):
            return {}
        confirmed = await self._context.confirmations.all(run.directory_key)
        return {object_id: confirmation.user_id for object_id, confirmation in confirmed.items()}

    async def _elsewhere(self, own: Sync, syncs: list[Sync], candidates: list[Candidate]) -> dict[str, dict[str, ObjectRow]]:
        """How the tenant's other syncs know the objects that this one does not, or knows by a claim only (D-06): by directory key."""
        unknown = [c.user.object_id for c in candidates if c.indexed is None or not c.indexed.fingerprint]
        found: dict[str, dict[str, ObjectRow]] = {}
        for other in syncs:
            if other.tenant_id == own.tenant_id and other.directory_key != own.directory_key:
                known = await self._context.objects.many(other.directory_key, unknown)
                found[other.directory_key] = {object_id: row for object_id, (row, _) in known.items()}
        return found


def _group_reading(group: SelectedGroup, mark: GroupMark, told: GroupsTold) -> GroupReading:
    gone = group.object_id in told.gone
    outcome, detail = (Outcome.GONE, DELETED_MEANWHILE) if gone else (mark.outcome, mark.detail)
    return GroupReading(group.object_id, group.group_id, told.names.get(group.object_id, group.name), outcome, detail)


def _best(known: Mapping[str, Mapping[str, ObjectRow]], users: Mapping[str, StoredUser]) -> dict[str, str]:
    """User id by object id, of several the one whose record says that it is the object: a claim of a dead run hides nobody."""
    found: dict[str, str] = {}
    for object_id, row in (item for rows in known.values() for item in rows.items()):
        user = users[row.user_id].user if row.user_id in users else None
        if object_id not in found or (user is not None and any(hold.object_id == object_id for hold in user.held_by.values())):
            found[object_id] = row.user_id
    return found


def _without_fingerprints(page: list[Indexed], released: set[str]) -> list[Indexed]:
    return [replace(indexed, fingerprint="") if indexed.user_id in released else indexed for indexed in page]
