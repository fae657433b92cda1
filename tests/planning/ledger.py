"""Who has to be whom after a sync, told from what stood before and from what the source says: a plain reference, without the planner.

It keeps, for each sync, whom it knows each object as. Names that are in use or shared it does not judge: whoever a run skips it leaves to
`agreement.skips_have_cause`, and only sees that nothing was done to them.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from sync_core.directory.names import fold
from sync_core.directory.users import Status, User
from sync_core.planning.reasons import Reason
from tests.planning.agreement import STAYING
from tests.planning.model import DirectoryModel, SyncModel
from tests.planning.planned import Planned

A_WEEK = timedelta(days=7)


@dataclass(slots=True)
class Ledger:
    directory: DirectoryModel
    known: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """User id by object id, by directory key."""
    everybody: set[str] = field(default_factory=set[str])
    """All user ids that there have ever been."""

    def night(self, before: dict[str, User]) -> None:
        """Whoever has been in Trash for a week is gone, with all that named it; its object comes back as somebody new (B-163, D-27)."""
        over = {user_id for user_id, user in before.items() if user.trashed_at and user.trashed_at + A_WEEK <= self.directory.now}
        assert self.directory.records == {user_id: user for user_id, user in before.items() if user_id not in over}
        self.everybody |= before.keys()
        named = {row.user_id for sync in self.directory.syncs.values() for row in sync.objects.values()}
        assert named <= self.directory.records.keys()
        for known in self.known.values():
            for object_id, user_id in list(known.items()):
                if user_id not in self.directory.records:
                    del known[object_id]

    def check(self, sync: SyncModel, before: dict[str, User], planned: Planned) -> None:
        """After a run of `sync`, whose groups were all read; `before` are the records as they stood."""
        self.everybody |= before.keys()
        skipped = {skip.object_id for skip in planned.plan.skips if skip.reason not in STAYING}
        kept = {skip.object_id for skip in planned.plan.skips if skip.reason in STAYING and not self._groups(sync, skip.object_id)}
        touched: set[str] = set()
        mine = self.known.setdefault(sync.key, {})
        for object_id in sorted(sync.source.people):
            was = self._was(sync, object_id, before)
            if self._groups(sync, object_id) and object_id not in skipped:
                touched.add(self._is_written(sync, object_id, was, before))
            elif was and sync.key in before[was].held_by and object_id not in skipped | kept:
                self._has_left(sync, planned, before[was])
                touched.add(was)
            elif was and object_id in kept:
                self._stays(sync, object_id, before[was])
                touched.add(was)
            elif not was and object_id in skipped:
                self._is_no_takeover(planned, object_id, before)
        for user_id in before.keys() - touched:
            self._is_left_alone(before[user_id])
        assert self.directory.records.keys() - before.keys() <= touched, "nobody comes from nowhere"
        records = self.directory.records
        for object_id in [o for o, user_id in mine.items() if sync.key not in records[user_id].held_by and not records[user_id].in_trash]:
            del mine[object_id]

    def _was(self, sync: SyncModel, object_id: str, before: dict[str, User]) -> str:
        """Whom the object is known as: to its own sync, else to others that exist (D-06)."""
        keys = [sync.key, *(key for key in self.known if key not in self.directory.deleted)]
        found = (self.known[key].get(object_id, "") for key in keys if key in self.known)
        return next((user_id for user_id in found if user_id in before), "")

    def _is_written(self, sync: SyncModel, object_id: str, was: str, before: dict[str, User]) -> str:
        """As the same user; else as an unmanaged one of that name, taken over (B-010); else as somebody who never was here (D-02)."""
        user = sync.user(object_id)
        taken = [
            other.user_id
            for other in before.values()
            if fold(other.username) == fold(user.username) and not other.in_trash and self._unmanaged(other)
        ]
        if was:
            assert user.user_id == was, "an object stays who it is"
        elif taken:
            assert [user.user_id] == taken, "an unmanaged user of that name is taken over"
        else:
            assert user.user_id not in self.everybody, "a new account is a new user"
        self.known[sync.key][object_id] = user.user_id
        enabled, old = sync.source.people[object_id].enabled, before.get(user.user_id)
        bypassing = old is not None and old.status is Status.BYPASS
        assert user.status is ((Status.BYPASS if bypassing else Status.ACTIVE) if enabled else Status.DISABLED)
        assert user.trashed_at is None
        others = {key for key in old.held_by if key not in self.directory.deleted} if old is not None else set[str]()
        assert user.held_by.keys() == others | {sync.key}
        assert set(user.groups) == {group for hold in user.held_by.values() for group in hold.groups}
        return user.user_id

    def _is_no_takeover(self, planned: Planned, object_id: str, before: dict[str, User]) -> None:
        """That an unmanaged user has the username keeps nobody out: it is taken over (B-010)."""
        skip = planned.skip(object_id)
        assert skip is not None
        unmanaged = {fold(user.username) for user in before.values() if not user.in_trash and self._unmanaged(user)}
        if skip.reason is Reason.NAME_IN_USE and fold(skip.username) in unmanaged:
            assert fold(skip.detail.partition(" belongs to ")[0]) != fold(skip.username), skip

    def _has_left(self, sync: SyncModel, planned: Planned, old: User) -> None:
        """To other syncs that hold the user (B-160), else to Trash, with all that it has but a name that somebody wants (B-159, D-07)."""
        user = self.directory.records[old.user_id]
        others = {key for key in old.held_by if key not in self.directory.deleted} - {sync.key}
        assert user.held_by.keys() == others
        if others:
            assert (user.status, user.username, user.trashed_at) == (old.status, old.username, None)
            return
        assert (user.status, user.trashed_at, user.groups) == (Status.PENDING_DELETION, planned.writer.now, old.groups)
        assert user.username or user.former_username == old.username
        assert (user.username or user.former_username, user.phones, user.realname) == (old.username, old.phones, old.realname)

    def _stays(self, sync: SyncModel, object_id: str, old: User) -> None:
        """For a group's sake that Entra has no more: what Entra says of the user itself counts all the same (D-10, D-11)."""
        user = self.directory.records[old.user_id]
        assert (user.in_trash, user.held_by.keys()) == (False, {key for key in old.held_by if key not in self.directory.deleted})
        assert (user.status is Status.DISABLED) is not sync.source.people[object_id].enabled

    def _is_left_alone(self, old: User) -> None:
        """But one that is skipped may be disabled (D-04), and one in Trash gives up names that somebody wants (D-07)."""
        user = self.directory.records[old.user_id]
        if old.in_trash:
            assert (user.status, user.trashed_at, user.phones, user.groups) == (old.status, old.trashed_at, old.phones, old.groups)
            assert (user.username or user.former_username) == (old.username or old.former_username)
        elif user.status is Status.DISABLED and old.status is not Status.DISABLED:
            assert not self._unmanaged(old)
            times = {"read_at": user.read_at, "synced_at": user.synced_at, "sessions_valid_after": user.sessions_valid_after}
            assert replace(old, status=Status.DISABLED, held_by=user.held_by, **times) == user
        else:
            assert user == old

    def _groups(self, sync: SyncModel, object_id: str) -> frozenset[str]:
        return sync.source.groups_of(object_id) & sync.selected.keys() if sync.source.has(object_id) else frozenset()

    def _unmanaged(self, user: User) -> bool:
        return user.held_by.keys() <= self.directory.deleted
