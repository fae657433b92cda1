"""Plans a run: what was read against what is stored. Writes the list of changes, and nothing in the directory.

Delivered twice, each delivery makes a list of its own; the verdict that is written first says which one counts.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.groups import Group
from sync_core.entra.port import PartlyTold
from sync_core.planning.brake import Braking, Since, braked_plan
from sync_core.planning.changes import Change
from sync_core.planning.identity import Stored
from sync_core.planning.plan import Plan
from sync_core.planning.reading import Candidate, Comparison, Indexed, Outcome, Population, Reading
from sync_core.planning.reasons import WARNINGS
from sync_core.planning.settle import Writer
from sync_core.runs.context import Context
from sync_core.runs.course import Course, after_plan, settings_of
from sync_core.runs.gather import Gatherer
from sync_core.runs.holds import approved_items, compared_with_before
from sync_core.runs.messages import Further, slice_share
from sync_core.runs.messages import Plan as PlanMessage
from sync_core.runs.record import Phase, Run, RunKind
from sync_core.storage.bulk import each
from sync_core.storage.changes import Verdict
from sync_core.storage.packed import TooLong
from sync_core.storage.staging import Sign
from sync_core.storage.together import together

SLICE = 1400
"""Most changes in a slice: what one message applies. Spread over the 16 partitions of Objects, they nearly fill a transaction in each, and
seldom need two."""
_PARALLEL_WRITES = 8

type _Slice = tuple[str, int, list[Change]]
"""Its chain, its number there, and its changes."""


class PlanStep:
    def __init__(self, context: Context, course: Course) -> None:
        self._context, self._course = context, course
        self._gather = Gatherer(context)
        self._one_at_a_time = asyncio.Lock()
        """A plan holds a whole sync in memory."""

    async def __call__(self, message: PlanMessage) -> None:
        async with self._one_at_a_time:
            run = await self._course.live(message, Phase.PLAN, message.attempt)
            verdict = await self._context.changes.verdict(run.run, message.attempt)
            if verdict is None:
                verdict = await self._decided(run, message)
        chains = tuple(verdict.slices)
        counts = verdict.counts

        preview = run.kind is RunKind.PREVIEW

        def planned(now: Run) -> Run:
            return replace(now, chains=chains, slices=sum(verdict.slices.values()), counts=counts, wrote=not preview)

        await self._course.advance(run, after_plan(run, verdict), planned)

    async def _decided(self, run: Run, message: PlanMessage) -> Verdict:
        try:
            return await self._decide(run)
        except PartlyTold as busy:
            raise Further(busy, message.model_copy(update={"tries": 0})) if busy.told else busy from busy

    async def _decide(self, run: Run) -> Verdict:
        reading, left, known = await together(
            self._gather.reading(run), self._gather.left_behind(run.directory_key), self._context.groups.all()
        )
        groups = [group for group, _ in known]
        await self._show_life(run)
        comparison, population = await self._gather.compare(run, reading, left, groups)
        leavers, gone = await self._leavers(run, reading, comparison)
        await asyncio.to_thread(comparison.finish)
        await self._show_life(run)
        stored = await self._gather.stored(run, reading, comparison.candidates, leavers, left, groups)
        made, braking = await self._plan(run, reading, comparison.candidates, leavers, stored, population, gone)
        confirmed = tuple(change.object_id for change in made.changes if change.object_id in stored.confirmed) if stored.confirmed else ()
        del stored
        return await self._write(run, reading, comparison, made, braking, confirmed, misnamed(reading, groups))

    async def _show_life(self, run: Run) -> None:
        await self._context.staging.sign(run.run, "planning", Sign(self._context.clock.now(), {}))

    async def _leavers(self, run: Run, reading: Reading, comparison: Comparison) -> tuple[list[Indexed], frozenset[str]]:
        """Those proved to be in no selected group, and which of them Entra has no more (D-11). Nobody while a group is unread (D-10)."""
        absent = comparison.absent
        if reading.unread:
            return [], frozenset()
        presences = await self._gather.presences(run, absent)
        leavers = reading.confirm(absent, presences)
        left = {leaver.object_id for leaver in leavers}
        comparison.take_back([indexed for indexed in absent if indexed.object_id not in left])
        return leavers, frozenset(object_id for object_id in left if presences[object_id].user is None)

    async def _plan(
        self,
        run: Run,
        reading: Reading,
        candidates: list[Candidate],
        leavers: list[Indexed],
        stored: Stored,
        population: Population,
        gone: frozenset[str],
    ) -> tuple[Plan, Braking]:
        return await asyncio.to_thread(
            braked_plan,
            reading,
            candidates,
            leavers,
            stored,
            await make_writer(self._context, run),
            new_user_id=partial(ids.new_user_id, self._context.random_bits),
            gone=gone,
            limits=settings_of(run).brake,
            population=population,
            approved=await approved_items(self._context, run),
        )

    async def _write(
        self,
        run: Run,
        reading: Reading,
        comparison: Comparison,
        made: Plan,
        braking: Braking,
        confirmed: tuple[str, ...],
        naming: tuple[str, ...],
    ) -> Verdict:
        name = f"{run.plan_attempt:02d}{self._context.random_bits(48):012x}"
        slices = await self._write_slices(run, name, made.changes)
        await self._context.changes.add_skips(run.run, name, made.skips)
        if run.diagnostics:
            await self._context.diagnostics.add_unchanged(run.run, name, _unchanged(reading, made))
        held = await compared_with_before(self._context, run, braking)
        await self._context.changes.add_held(run.run, name, held)
        since = Counter(change.since for change in held)
        chains: dict[str, int] = Counter(chain for chain, _, _ in slices)
        verdict = Verdict(
            plan=name,
            slices=dict(chains),
            claims=tuple(slice_share(chain, n) for chain, n, changes in slices if any(c.needs_claim for c in changes)),
            counts=counts(reading, comparison, made, braking),
            repairs=tuple(made.repairs),
            strays=tuple((stray.object_id, stray.etag) for stray in made.strays),
            warned=any(skip.reason in WARNINGS for skip in made.skips),
            skips=len(made.skips),
            overruns=braking.overruns,
            held=len(braking.held),
            digest=braking.digest,
            new=since[Since.NEW],
            gone=since[Since.GONE],
            group_names={group.group_id: group.name for group in reading.groups},
            naming=naming,
            confirmed=confirmed,
        )
        return await self._context.changes.decide(run.run, run.plan_attempt, verdict)

    async def _write_slices(self, run: Run, plan: str, changes: list[Change]) -> list[_Slice]:
        """As few as there may be; shorter ones, over the same rows, where changes are so large that one would not fit its row."""
        longest = SLICE
        while True:
            slices = cut(changes, longest)
            try:
                await each(slices, lambda piece: self._context.changes.add_slice(run.run, plan, *piece), _PARALLEL_WRITES)
            except TooLong:
                if longest == 1:
                    raise
                longest = -(-longest // 2)
                continue
            return slices


def cut(changes: list[Change], longest: int) -> list[_Slice]:
    """Chain, number and changes of each slice.

    A chain has the changes of some partitions of Users, so that no two chains write in one.
    """
    chains = _chains(len(changes), longest)
    by_chain: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        by_chain[ids.ALPHABET.index(ids.user_partition(change.user_id)) * chains // len(ids.ALPHABET)].append(change)
    return [(f"{chain:02d}", number, part) for chain, of in by_chain.items() for number, part in enumerate(_even(of, longest))]


def _chains(changes: int, longest: int) -> int:
    """As many as make no more than an eighth more slices than one chain would: a transaction costs as much half empty as full."""
    fewest = -(-changes // longest)
    chains = len(ids.ALPHABET)
    while chains > 1 and chains * -(-changes // (chains * longest)) > fewest + (fewest + 4) // 8:
        chains //= 2
    return chains


def _even(changes: list[Change], longest: int) -> list[list[Change]]:
    """As few slices as will hold them, all about as long."""
    slices = -(-len(changes) // longest)
    size = -(-len(changes) // slices)
    return [changes[start : start + size] for start in range(0, len(changes), size)]


def misnamed(reading: Reading, groups: Sequence[Group]) -> tuple[str, ...]:
    """Ids of the selected groups that are not there yet, or not by the name that they have in Entra (D-20)."""
    stored = {group.group_id: group.name for group in groups}
    return tuple(
        group.group_id
        for group in reading.groups
        if group.group_id not in stored or (group.outcome is Outcome.READ and stored[group.group_id] != group.name)
    )


def _unchanged(reading: Reading, made: Plan) -> list[str]:
    decided = {change.object_id for change in made.changes} | {skip.object_id for skip in made.skips}
    return sorted(reading.users.keys() - decided)


def counts(reading: Reading, comparison: Comparison, made: Plan, braking: Braking) -> dict[str, int]:
    """What the run has seen and decided: users and groups read, and users by action; one user may count under several."""
    found = Counter(f"users {action.value}" for change in made.changes for action in change.actions)
    found["users"] = len(reading.users)
    found["groups"] = sum(group.outcome is Outcome.READ for group in reading.groups)
    found.update(f"groups {group.outcome}" for group in reading.groups if group.outcome is not Outcome.READ)
    found["unchanged"] = comparison.unchanged
    found["skipped"] = len(made.skips)
    found.update({"held": len(braking.held)} if braking.held else {})
    found["changes"] = sum(bool(change.actions) for change in made.changes)
    return dict(found)


async def make_writer(context: Context, run: Run) -> Writer:
    sync = settings_of(run)
    existing = frozenset(other.directory_key for other in await context.syncs.all() if other.deleted_at is None)
    read_at, now = run.read_at or run.queued_at, context.clock.now()
    new_phone_id = partial(ids.new_phone_id, random_bits=context.random_bits)
    return Writer(run.directory_key, sync.tenant_id, read_at, now, existing, new_phone_id=new_phone_id)
