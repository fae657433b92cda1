"""What has to be true of a directory after every sync, told without the planner: its rows agree, and it says what the source says."""

from collections import Counter

from sync_core.directory.attributes import Mapped, apply_mapping
from sync_core.directory.names import digest, fold
from sync_core.directory.users import Status, User
from sync_core.planning.claims import holder
from sync_core.planning.reasons import Reason
from tests.planning.model import DirectoryModel, SyncModel
from tests.planning.planned import Planned

STAYING = {Reason.STILL_A_MEMBER, Reason.GROUP_GONE, Reason.PHONE_UNREAD, Reason.LAST_DEVICE}


def contested(sync: SyncModel, planned: Planned) -> frozenset[str]:
    """Folded names of skipped users: one that a dead run was moving between two of them stays with both until the source is clear."""
    users = (sync.directory.records.get(skip.user_id) for skip in planned.plan.skips)
    return frozenset(fold(name) for user in users if user is not None for name in user.name_digests.values())


def rows_agree(directory: DirectoryModel, but: frozenset[str] = frozenset()) -> None:
    """No name is listed twice (`but` these), every claim is its owner's, and member rows list whom the records say.

    Where a run died during a takeover, rows of unmanaged groups may list more: they are believed as far as the record agrees.
    """
    listed = Counter(fold(name) for user in directory.records.values() for name in user.name_digests.values())
    assert [name for name, times in listed.items() if times > 1 and name not in but] == []
    for key, claim in directory.claims.items():
        assert holder(claim, key, directory.records) == claim.owner, claim
    for user in directory.records.values():
        names = user.name_digests.items()
        assert all(directory.claims[key].owner == user.user_id for key, name in names if fold(name) not in but), user
    believed = {group: {user.user_id for user in directory.records.values() if group in user.groups} for group in directory.members}
    kept = {group for sync in directory.syncs.values() for group in sync.selected.values()}
    assert {group: row for group, row in directory.members.items() if group in kept or not row >= believed[group]} == {
        group: row for group, row in believed.items() if group in kept
    }
    assert all(group in directory.members for user in directory.records.values() for group in user.groups)


def says_what_the_source_says(sync: SyncModel, planned: Planned) -> None:
    """Groups all read: whoever is in a selected one is here as the mapping gives it, unless skipped; nobody else is held."""
    skipped = {skip.object_id for skip in planned.plan.skips if skip.reason not in STAYING}
    here: set[str] = set()
    for object_id in sync.source.people:
        groups = sync.source.groups_of(object_id) & sync.selected.keys()
        if groups and object_id not in skipped:
            _is_as_mapped(sync, object_id, {sync.selected[group] for group in groups})
            here.add(sync.objects[object_id].user_id)
        elif object_id in skipped and object_id in sync.objects:
            here.add(sync.objects[object_id].user_id)
    for user in sync.directory.records.values():
        if sync.key in user.held_by:
            assert user.user_id in here, user


def _is_as_mapped(sync: SyncModel, object_id: str, groups: set[str]) -> None:
    user, person = sync.user(object_id), sync.source.people[object_id]
    mapped = apply_mapping(sync.mapping, person.as_read(sync.mapping.sources).values)
    assert (user.username, user.realname, user.email) == (mapped.username, mapped.realname, mapped.email)
    assert {position: user.aliases.get(position, "") for position in mapped.aliases} == mapped.aliases
    assert {group for group in user.groups if group in sync.selected.values()} == groups
    assert (user.status is Status.DISABLED) is not person.enabled
    assert user.status in {Status.DISABLED, Status.ACTIVE, Status.BYPASS}
    assert user.held_by[sync.key].object_id == object_id
    _has_the_phones(sync, user, mapped)


def _has_the_phones(sync: SyncModel, user: User, mapped: Mapped) -> None:
    """Every number of the source is there once, and no imported phone has another, but for the last device and what cannot be read."""
    texts = {text.removeprefix("734-555-9870").replace("x", "+17345559870x") for _, text in mapped.phones}
    numbers = [phone.number + (f"x{phone.extension}" if phone.extension else "") for phone in user.phones]
    assert texts - {"", "none"} <= set(numbers)
    assert len(numbers) == len(set(numbers))
    strange = [phone for phone, number in zip(user.phones, numbers, strict=True) if phone.sync == sync.key and number not in texts]
    assert len(strange) <= 1 or "none" in texts
    assert all(phone.activated for phone in strange) or "none" in texts


def one_user_for_each_object(one: SyncModel, other: SyncModel) -> None:
    """Two syncs of a tenant know an object by the same user (D-06)."""
    known = one.objects.keys() & other.objects.keys()
    assert {object_id: one.objects[object_id].user_id for object_id in known} == {
        object_id: other.objects[object_id].user_id for object_id in known
    }


def skips_have_cause(sync: SyncModel, planned: Planned) -> None:
    """Whoever is left out meets an obstacle that is still there when the run has ended (D-04, D-07)."""
    for skip in planned.plan.skips:
        if skip.reason in STAYING:
            continue
        names = _names(sync, skip.object_id)
        holders = (sync.directory.named(name) for name in names)
        mine = sync.objects[skip.object_id].user_id if skip.object_id in sync.objects else skip.user_id
        blocked = any(user is not None and user.user_id != mine and not user.in_trash for user in holders)
        assert blocked or _cause(sync, planned, skip.object_id) is skip.reason, skip
        if skip.reason is Reason.SHARED_NAME:
            assert _shares(sync, planned, skip.object_id), skip


def safety_holds(sync: SyncModel, planned: Planned) -> None:
    """Nobody whom this sync holds and Entra has disabled can sign in here, skipped or not (D-04, B-154)."""
    for object_id in planned.reading.users:
        user = sync.directory.records.get(sync.objects[object_id].user_id) if object_id in sync.objects else None
        if user is not None and sync.key in user.held_by and not sync.source.people[object_id].enabled:
            assert user.status is Status.DISABLED, user


def _names(sync: SyncModel, object_id: str) -> list[str]:
    mapped = apply_mapping(sync.mapping, sync.source.people[object_id].as_read(sync.mapping.sources).values)
    return [name for name in (mapped.username, *mapped.aliases.values()) if name]


def _shares(sync: SyncModel, planned: Planned, object_id: str) -> bool:
    mine = {digest(name) for name in _names(sync, object_id)}
    others = (other for other in planned.reading.users if other != object_id)
    return any(mine & {digest(name) for name in _names(sync, other)} for other in others)


def _cause(sync: SyncModel, planned: Planned, object_id: str) -> Reason | None:
    """Reasons that lie in the source user, or in the user here, rather than in somebody else's name."""
    if not apply_mapping(sync.mapping, sync.source.people[object_id].as_read(sync.mapping.sources).values).username:
        return Reason.EMPTY_USERNAME
    if _shares(sync, planned, object_id):
        return Reason.SHARED_NAME
    user = sync.directory.named(_names(sync, object_id)[0])
    if user is not None and not user.held_by and user.status is Status.DISABLED:
        return Reason.DISABLED_HERE
    return None
