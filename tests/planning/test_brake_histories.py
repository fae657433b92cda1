"""The brake keeps its promise whatever happens, whatever the limits (D-12)."""

from collections import Counter, defaultdict
from copy import deepcopy
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import MOST, Brake
from sync_core.directory.users import Status, User
from sync_core.planning.brake import Class, Item
from sync_core.planning.reasons import Reason
from tests.planning import agreement
from tests.planning.histories import ALIAS, PEOPLE, Event, days, histories, live
from tests.planning.model import LIMITLESS, DirectoryModel, SyncModel
from tests.planning.planned import Planned
from tests.planning.source import SourceModel

MANY = settings(max_examples=3 * settings().max_examples)
BUSY = (*PEOPLE, "add", "out", "disable", "move", "rotate", "chain", "recreate", "sync", "sync", "sync", "sync", "sync")
LIMITS = st.builds(
    Brake,
    removals=st.sampled_from((0, 0, 1, 2)),
    removals_percent=st.sampled_from((0, 0, 20, 50)),
    removals_most=st.sampled_from((0, 1, 2)),
    group_losses=st.sampled_from((0, 0, 1, MOST)),
    group_losses_percent=st.sampled_from((0, 50)),
    renames=st.sampled_from((0, 0, 1, MOST)),
    renames_percent=st.sampled_from((0, 0, 20)),
)


def company() -> SyncModel:
    return DirectoryModel().connect("first", SourceModel("tenant"), mapping=Mapping(aliases={"1": ALIAS}))


def people(sync: SyncModel) -> Counter[tuple[object, ...]]:
    """Everybody, without ids and times."""
    return Counter(
        (
            user.username,
            user.former_username,
            tuple(sorted(user.aliases.items())),
            user.status,
            user.groups,
            tuple((key, hold.object_id) for key, hold in user.held_by.items()),
        )
        for user in sync.directory.records.values()
    )


def what_happened(sync: SyncModel, before: dict[str, User]) -> dict[tuple[Class, str], set[str]]:
    """Told from the records, not from the plan: the users of the sync to whom something of each class was done."""
    found: defaultdict[tuple[Class, str], set[str]] = defaultdict(set)
    for user_id, was in before.items():
        user, hold = sync.directory.records[user_id], was.held_by.get(sync.key)
        lost = hold is not None and sync.key not in user.held_by
        if lost or (not was.in_trash and was.status is not Status.DISABLED and user.status is Status.DISABLED):
            found[Class.REMOVALS, ""].add(user_id)
        for group in hold.groups if hold is not None else ():
            if lost or group not in user.groups:
                found[Class.GROUP_LOSSES, group].add(user_id)
        if sync.key in user.held_by and ((not was.in_trash and user.username != was.username) or not (was.held_by or was.in_trash)):
            found[Class.RENAMES, ""].add(user_id)
    return found


def holds_its_promise(sync: SyncModel, before: dict[str, User], planned: Planned, approved: frozenset[Item] = frozenset()) -> None:
    """Nothing was done of a class that is over its limit but what was approved."""
    happened, allowed = what_happened(sync, before), {object_id for object_id, _ in approved}
    for overrun in planned.braking.overruns:
        for user_id in happened[overrun.what, overrun.group_id]:
            assert {hold.object_id for hold in before[user_id].held_by.values()} | {
                hold.object_id for hold in sync.directory.records[user_id].held_by.values()
            } & allowed
    held = {change.object_id for change in planned.braking.held}
    assert {skip.object_id for skip in planned.plan.skips if skip.reason is Reason.HELD} <= held


@MANY
@given(histories(*BUSY, "bypass", "unread"), LIMITS)
def test_nothing_of_a_held_class_is_done_before_it_is_approved(history: list[Event], limits: Brake):
    sync = company()
    sync.limits = limits
    for before in days(sync, history):
        planned = sync.run()
        holds_its_promise(sync, before, planned)
        agreement.rows_agree(sync.directory)
        again = sync.plan()
        if again.braking.overruns == planned.braking.overruns:  # who was new is counted now, so that a share may be under its limit
            assert again.idle
            assert again.braking.digest == planned.braking.digest
        sync.source.readable()


@MANY
@given(histories(*BUSY, "bypass"), LIMITS)
def test_a_held_run_and_its_approval_end_as_a_run_without_brake(history: list[Event], limits: Brake):
    sync = company()
    for _ in days(sync, history):
        sync.limits, other = limits, deepcopy(sync)
        other.limits = LIMITLESS
        other.run()
        planned = sync.run()
        while planned.braking.held:
            before, approved = dict(sync.directory.records), frozenset(item for c in planned.braking.held for item in c.items)
            planned = sync.plan(approved)
            sync.apply(planned)
            holds_its_promise(sync, before, planned, approved)
        assert people(sync) == people(other)
        assert sync.plan().idle
        agreement.rows_agree(sync.directory)


@MANY
@given(histories(*BUSY), histories(*PEOPLE, "add", longest=8), LIMITS)
def test_an_approval_passes_no_more_than_it_names(history: list[Event], later: list[Event], limits: Brake):
    sync = company()
    for event in history:
        if event[0] == "sync":
            sync.run()
        else:
            live(sync, event)
    sync.limits = limits
    approved = frozenset(item for change in sync.run().braking.held for item in change.items)
    for event in later:
        live(sync, event)
    before, planned = dict(sync.directory.records), sync.plan(approved)
    sync.apply(planned)
    holds_its_promise(sync, before, planned, approved)
    assert all(any(item not in approved for item in change.items) for change in planned.braking.held)


@MANY
@given(histories(*BUSY, "bypass", "die", "die", "die"), LIMITS, st.integers())
def test_a_held_run_puts_right_what_a_dead_one_left(history: list[Event], limits: Brake, seed: int):
    sync = company()
    sync.limits = limits
    for event in history:
        if event[0] == "sync":
            planned = sync.run()
            agreement.rows_agree(sync.directory, agreement.contested(sync, planned))
        elif event[0] == "die":
            planned = sync.plan()
            changes = Random(seed).sample(planned.plan.changes, len(planned.plan.changes))
            sync.die(planned, changes, len(changes) - event[1] // 6, event[2], event[3] % 5)
        else:
            live(sync, event)
    sync.limits = LIMITLESS
    planned = sync.run()
    agreement.rows_agree(sync.directory, agreement.contested(sync, planned))
    agreement.says_what_the_source_says(sync, planned)
    agreement.safety_holds(sync, planned)
