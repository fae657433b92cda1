"""Random histories of a company: what may happen to its people and groups between two syncs."""

from collections.abc import Callable, Iterator

from hypothesis import strategies as st
from msgspec.structs import replace

from sync_core.directory.attributes import USER_PRINCIPAL_NAME
from sync_core.directory.users import Status, User
from tests.planning.model import DirectoryModel, SyncModel
from tests.planning.source import SALES, STAFF, SourceModel

ALIAS = "mailNickname"
OFFICE, MOBILE = "businessPhones", "mobilePhone"
NUMBERS = ("", "+17345559870", "+17345559871", "734-555-9870x12", "none")
NAMES = ("ann", "Ann", "bea", "cyd", "dan", "straße", "STRASSE", "")
UNSELECTED = "everybody else"
GROUPS = ((STAFF,), (SALES,), (STAFF, SALES))

BY_HAND = ("add", "bypass", "activate")
FAILURES = ("unread", "remove group")

type Event = tuple[str, int, int, int]
"""What happens, and three numbers that say to whom: each counts around what there is."""

PEOPLE = (
    "hire",
    "hire",
    "rename",
    "alias",
    "rotate",
    "chain",
    "disable",
    "enable",
    "move",
    "out",
    "delete",
    "recreate",
    "undelete",
    "call",
)


def histories(*happenings: str, longest: int = 24) -> st.SearchStrategy[list[Event]]:
    number = st.integers(0, 11)
    return st.lists(st.tuples(st.sampled_from(happenings), number, number, number), min_size=longest // 2, max_size=longest)


def days(sync: SyncModel, history: list[Event]) -> Iterator[dict[str, User]]:
    """Lives the history. Whenever a sync is due in it, and once more at its end, hands over the records as they stand before."""
    for event in [*history, ("sync", 0, 0, 0)]:
        if event[0] == "sync":
            yield dict(sync.directory.records)
        else:
            live(sync, event)


def live(sync: SyncModel, event: Event) -> None:
    if event[0] in BY_HAND:
        by_hand(event, sync.directory)
    elif event[0] in FAILURES:
        unread_or_gone(event, sync)
    else:
        happen(event, sync.source)


def happen(event: Event, source: SourceModel) -> None:
    """One thing that happens in the source; nothing when it concerns nobody."""
    kind, first, second, third = event
    if kind == "hire":
        alias = {ALIAS: NAMES[third]} if third < len(NAMES) else {}
        source.hire(NAMES[first % len(NAMES)], *_there(source, GROUPS[second % len(GROUPS)]), enabled=bool(third % 5), **alias)
        return
    people = [object_id for object_id in source.people if source.has(object_id)]
    if people:
        _HAPPENINGS[kind](source, people, (first, second, third))


def by_hand(event: Event, directory: DirectoryModel) -> None:
    """What an administrator does here: adds a user that nobody syncs, or sets one that is to bypass."""
    kind, first, second, third = event
    if kind == "add" and directory.named(NAMES[first % 6]) is None:
        status = (Status.ACTIVE, Status.DISABLED)[second % 2]
        alias = {"alias2": NAMES[third % 6]} if third % 3 == 0 and directory.named(NAMES[third % 6]) is None else {}
        directory.by_hand(NAMES[first % 6], "by hand", status=status, **alias)
    active = [user for user in directory.records.values() if user.status is Status.ACTIVE]
    if kind == "bypass" and active:
        directory.edit(active[first % len(active)], status=Status.BYPASS)
    equipped = [user for user in directory.records.values() if user.phones]
    if kind == "activate" and equipped:
        user = equipped[first % len(equipped)]
        phones = list(user.phones)
        phones[second % len(phones)] = replace(phones[second % len(phones)], activated=True)
        directory.edit(user, phones=tuple(phones))


def unread_or_gone(event: Event, sync: SyncModel) -> None:
    """A selected group fails to be read in the next run, or Entra has lost it for good."""
    kind, first, _, _ = event
    group = (STAFF, SALES)[first % 2]
    if kind == "unread":
        sync.source.unread(group)
    if kind == "remove group" and group in sync.source.groups:
        sync.source.remove_group(group)


type _Numbers = tuple[int, int, int]


def _one(people: list[str], number: int) -> str:
    return people[number % len(people)]


def _rotate(source: SourceModel, people: list[str], numbers: _Numbers) -> None:
    source.rotate(*dict.fromkeys(_one(people, number) for number in numbers))


def _chain(source: SourceModel, people: list[str], numbers: _Numbers) -> None:
    """Each takes the name of the one before; the first gets a new one."""
    chain = list(dict.fromkeys(_one(people, number) for number in numbers))
    names = [source.people[object_id].values[USER_PRINCIPAL_NAME] for object_id in chain]
    for object_id, name in zip(chain, [f"new{numbers[0]}", *names], strict=False):
        source.rename(object_id, name)


def _recreate(source: SourceModel, people: list[str], numbers: _Numbers) -> None:
    """Deleted, and created again under the same name: another object (D-02)."""
    old = _one(people, numbers[0])
    name = source.people[old].values[USER_PRINCIPAL_NAME]
    groups = [group for group in source.groups if old in source.groups[group]]
    source.delete(old)
    source.hire(name, *(groups or [UNSELECTED]))


def _undelete(source: SourceModel, people: list[str], numbers: _Numbers) -> None:
    deleted = [object_id for object_id in source.people if object_id not in people]
    if deleted:
        groups = _there(source, GROUPS[numbers[2] % len(GROUPS)])
        source.undelete(_one(deleted, numbers[0]), NAMES[numbers[1] % len(NAMES)], *groups)


_HAPPENINGS: dict[str, Callable[[SourceModel, list[str], _Numbers], None]] = {
    "rename": lambda source, people, numbers: source.rename(_one(people, numbers[0]), NAMES[numbers[1] % len(NAMES)]),
    "alias": lambda source, people, numbers: source.change(_one(people, numbers[0]), **{ALIAS: NAMES[numbers[1] % len(NAMES)]}),
    "rotate": _rotate,
    "chain": _chain,
    "disable": lambda source, people, numbers: source.disable(_one(people, numbers[0])),
    "enable": lambda source, people, numbers: source.enable(_one(people, numbers[0])),
    "move": lambda source, people, numbers: source.move(_one(people, numbers[0]), *_there(source, GROUPS[numbers[1] % len(GROUPS)])),
    "out": lambda source, people, numbers: source.move(_one(people, numbers[0])),
    "delete": lambda source, people, numbers: source.delete(_one(people, numbers[0])),
    "recreate": _recreate,
    "undelete": _undelete,
    "call": lambda source, people, numbers: source.change(
        _one(people, numbers[0]), **{(OFFICE, MOBILE)[numbers[1] % 2]: NUMBERS[numbers[2] % len(NUMBERS)]}
    ),
}


def _there(source: SourceModel, groups: tuple[str, ...]) -> list[str]:
    """Those of the groups that Entra still has; where there are none, one that no sync selects."""
    return [group for group in groups if group in source.groups] or [UNSELECTED]
