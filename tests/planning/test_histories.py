"""Whatever happens between syncs: the directory becomes what the source says under the rules, and then stays as it is."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.directory.attributes import Mapping
from sync_core.planning.changes import Action, Change
from sync_core.planning.settle import settle
from tests.planning import agreement
from tests.planning.histories import ALIAS, BY_HAND, FAILURES, MOBILE, OFFICE, PEOPLE, Event, days, histories, live
from tests.planning.ledger import Ledger
from tests.planning.model import DirectoryModel, SyncModel
from tests.planning.planned import Planned
from tests.planning.source import SALES, STAFF, SourceModel

REORGANIZED = ("deselect", "select", "remove group", "delete sync", "night", "night")
MANY = settings(max_examples=5 * settings().max_examples)
"""A history is cheap, and most are dull."""
MAPPING = Mapping(aliases={"1": ALIAS}, primary_phone=OFFICE, secondary_phone=MOBILE)


def company() -> SyncModel:
    return DirectoryModel().connect("first", SourceModel("tenant"), mapping=MAPPING)


def shuffled(seed: int) -> Callable[[Sequence[Change]], Sequence[Change]]:
    return lambda changes: Random(seed).sample(changes, len(changes))


def agrees(sync: SyncModel, planned: Planned, *, after_a_death: bool = False) -> None:
    agreement.rows_agree(sync.directory, agreement.contested(sync, planned) if after_a_death else frozenset())
    agreement.safety_holds(sync, planned)
    agreement.skips_have_cause(sync, planned)
    assert sync.plan().idle


@MANY
@given(histories(*PEOPLE, *BY_HAND, "sync", "sync"), st.integers())
def test_after_every_sync_the_directory_says_what_the_source_says_and_planning_again_plans_nothing(history: list[Event], seed: int):
    sync = company()
    for _ in days(sync, history):
        planned = sync.run(shuffled(seed))
        agrees(sync, planned)
        agreement.says_what_the_source_says(sync, planned)


def reorganize(sync: SyncModel, event: Event) -> SyncModel:
    """What befalls the sync itself, and the sync that goes on: a deleted one is set up again, under another directory key."""
    kind, first, second, _ = event
    group = (STAFF, SALES)[first % 2]
    if kind == "deselect" and len(sync.selected) > 1:
        sync.selected.pop(group, None)
    elif kind == "select" and group not in sync.selected:
        sync.select(group)
    elif kind == "remove group" and group in sync.source.groups:
        sync.source.remove_group(group)
    elif kind == "delete sync":
        sync.directory.delete_sync(sync.key)
        return sync.directory.connect(f"{sync.key}'", sync.source, *sync.selected, mapping=MAPPING)
    elif kind == "night":
        sync.directory.night(days=(0, 1, 6, 7)[second % 4])
    return sync


@MANY
@given(histories(*PEOPLE, *BY_HAND, *REORGANIZED, "sync", "sync", "sync", "sync", "sync", longest=40))
def test_everybody_is_whom_a_plain_ledger_says_whatever_happens_to_people_groups_and_syncs(history: list[Event]):  # B-010, B-140..B-163
    first = company()
    syncs = [first, first.directory.connect("second", first.source, SALES, "lab", mapping=MAPPING)]
    ledger = Ledger(first.directory)
    for event in [*history, ("sync", 0, 0, 0), ("sync", 1, 0, 0)]:
        place = event[2] % 3 // 2 if event[0] != "sync" else event[1] % 2
        if event[0] in REORGANIZED:
            before = dict(first.directory.records)
            syncs[place] = reorganize(syncs[place], event)
            ledger.night(before)
        elif event[0] != "sync":
            live(syncs[0], event)
        else:
            before = dict(first.directory.records)
            planned = syncs[place].run()
            agrees(syncs[place], planned)
            ledger.check(syncs[place], before, planned)


@MANY
@given(histories(*PEOPLE, *BY_HAND, "sync"), st.integers())
def test_changes_applied_in_any_order_end_in_the_same_directory(history: list[Event], seed: int):
    sync = company()
    for _ in days(sync, history):
        planned, other = sync.plan(), deepcopy(sync)
        sync.apply(planned)
        other.apply(planned, shuffled(seed))
        assert sync.state == other.state


@MANY
@given(histories(*PEOPLE, *BY_HAND, "sync"))
def test_a_change_settled_twice_is_settled_once(history: list[Event]):  # D-13: what apply writes is what the plan showed
    sync = company()
    for _ in days(sync, history):
        planned = sync.plan()
        for change in planned.plan.changes:
            once = settle(sync.directory.records.get(change.user_id), change, planned.writer)
            assert settle(once, change, planned.writer) is once
        sync.apply(planned)


@MANY
@given(histories(*PEOPLE, *BY_HAND, "sync", "sync"))
def test_a_skipped_user_keeps_everything_but_may_be_disabled(history: list[Event]):  # D-04
    sync = company()
    for before in days(sync, history):
        planned = sync.run()
        for skip in planned.plan.skips:
            if skip.user_id and not before[skip.user_id].in_trash:
                assert planned.actions.get(skip.object_id, ()) in ((), (Action.DISABLE,))
                after = sync.directory.records[skip.user_id]
                assert after.name_digests == before[skip.user_id].name_digests
                assert (after.realname, after.groups) == (before[skip.user_id].realname, before[skip.user_id].groups)


@MANY
@given(histories(*PEOPLE, *BY_HAND, *FAILURES, "sync", "sync"))
def test_a_group_that_is_not_read_costs_nobody_anything(history: list[Event]):  # D-10
    sync = company()
    for before in days(sync, history):
        planned = sync.run()
        agrees(sync, planned)
        if planned.reading.unread:
            for user_id, user in before.items():
                assert sync.directory.records[user_id].in_trash <= user.in_trash
                assert not user.held_by or set(user.groups) <= set(sync.directory.records[user_id].groups)
        sync.source.readable()


@MANY
@given(histories(*PEOPLE, *BY_HAND, *FAILURES, "sync", "die", "die", "die", "die"))
def test_a_run_that_dies_anywhere_is_put_right_by_the_next(history: list[Event]):
    sync = company()
    for event in [*history, ("sync", 0, 0, 0)]:
        kind, first, second, third = event
        if kind == "sync":
            sync.run()
            sync.source.readable()
            agrees(sync, sync.run(), after_a_death=True)
        elif kind == "die":
            planned = sync.plan()
            changes = shuffled(third)(planned.plan.changes)
            sync.die(planned, changes, len(changes) - first // 6, second, third % 5)
        else:
            live(sync, event)


@MANY
@given(histories(*PEOPLE, *BY_HAND, "sync", "sync", "sync"))
def test_two_syncs_of_a_tenant_agree_on_one_user_for_each_object(history: list[Event]):  # B-011, D-06
    first = company()
    second = first.directory.connect("second", first.source, SALES, "lab", mapping=MAPPING)
    for kind, number, *rest in history:
        if kind != "sync":
            live(first, (kind, number, rest[0], rest[1]))
            continue
        sync = (first, second)[number % 2]
        planned = sync.run()
        agrees(sync, planned)
        agreement.says_what_the_source_says(sync, planned)
        agreement.one_user_for_each_object(first, second)


@MANY
@given(histories(*PEOPLE, *BY_HAND, "sync", "sync"), histories(*PEOPLE, "sync", "sync"), st.integers())
def test_syncs_of_two_tenants_never_leave_a_name_to_two_users(here: list[Event], there: list[Event], seed: int):  # B-011, D-01, D-06
    first = company()
    other = first.directory.connect("other", SourceModel("another tenant"), mapping=MAPPING)
    events = [(first, event) for event in here] + [(other, event) for event in there]
    Random(seed).shuffle(events)
    for sync, event in events:
        if event[0] != "sync":
            live(sync, event)
            continue
        planned = sync.run()
        agreement.rows_agree(first.directory)
        agreement.safety_holds(sync, planned)
        agreement.says_what_the_source_says(sync, planned)
        sync.run()
        assert sync.plan().idle
