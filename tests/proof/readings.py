"""Watches each write of a record and of its rows in the index: the newer reading wins, whoever writes last (D-16)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sync_core.directory.syncs import Sync
from sync_core.directory.users import Hold, Status, User
from sync_core.storage import objects, syncs, users
from sync_core.storage.cuts import Call
from sync_core.storage.records import record
from sync_core.storage.rows import key_of
from sync_core.storage.tables import Delete, Row
from tests.runs.source import ModelSource


@dataclass(frozen=True)
class Moment:
    """What Entra said, and what was selected, from a time on."""

    at: datetime
    accounts: Mapping[str, tuple[str, str, bool]]
    """Display name, mail and whether it is enabled, by object id."""
    members: frozenset[tuple[str, str]]
    """Group and object."""
    selected: Mapping[str, Mapping[str, str]]
    """Groups of Entra by their ids here, by the directory key of the sync; a deleted one selects none."""

    def has(self, key: str, object_id: str, group_id: str = "") -> bool:
        """Whether the object is in that group of the sync, or in any."""
        selected = self.selected.get(key, {})
        groups = [selected.get(group_id, "")] if group_id else selected.values()
        return any((group, object_id) in self.members for group in groups)


class Readings:
    """A record that was read at some time changes to nothing that was over in Entra by then: that would be an older reading's."""

    def __init__(self, source: ModelSource) -> None:
        self._source = source
        self._past: list[Moment] = []
        self._selected: dict[str, dict[str, str]] = {}
        self._records: dict[str, User] = {}
        self._indexed: dict[tuple[str, str], datetime] = {}

    def keep(self, at: datetime) -> None:
        """What is so in Entra from this time on."""
        accounts = {
            account.object_id: (account.attributes["displayName"], account.attributes["mail"], account.enabled)
            for account in self._source.accounts.values()
        }
        members = frozenset((group, member) for group, members in self._source.members.items() for member in members)
        self._past.append(Moment(at, accounts, members, dict(self._selected)))

    def see(self, call: Call, at: datetime) -> None:
        """A write that has been made."""
        for operation in call.operations:
            if isinstance(operation, Delete):
                self._indexed.pop(key_of(operation), None)
            elif call.name == users.TABLE and operation.row.key != users.META:
                self._see_record(record(operation.row, User))
            elif call.name == objects.TABLE:
                self._see_index(operation.row)
            elif call.name == syncs.TABLE and operation.row.partition == syncs.PARTITION and "record0" in operation.row.values:
                self._see_sync(record(operation.row, Sync), at)

    def _see_sync(self, sync: Sync, at: datetime) -> None:
        groups = {group.group_id: group.object_id for group in sync.groups}
        self._selected[sync.directory_key] = groups if sync.deleted_at is None else {}
        self.keep(at)

    def _see_index(self, row: Row) -> None:
        entry, latest = objects.from_row(row), self._indexed.get((row.partition, row.key))
        assert latest is None or entry.read_at >= latest, f"{row.key} of {row.partition} went back from {latest} to {entry.read_at}"
        self._indexed[row.partition, row.key] = entry.read_at

    def _see_record(self, after: User) -> None:
        before = self._records.get(after.user_id)
        self._records[after.user_id] = after
        if before is None or before.read_at is None:
            return
        assert after.read_at is not None, after
        assert after.read_at >= before.read_at, f"{after.user_id} went back from {before.read_at} to {after.read_at}"
        moments = list(self._since(before.read_at))
        told = f"an older reading of {after.user_id} won:\n{before}\n{after}"
        assert _data_is_of(moments, before, after), told
        assert all(_hold_is_of(moments, key, *_holds(before, after, key)) for key in before.held_by.keys() | after.held_by.keys()), told

    def _since(self, read_at: datetime) -> Iterator[Moment]:
        """The moments that were not over before then."""
        for moment, following in pairwise(self._past):
            if following.at >= read_at:
                yield moment
        yield self._past[-1]


def _holds(before: User, after: User, key: str) -> tuple[Hold | None, Hold | None]:
    return before.held_by.get(key), after.held_by.get(key)


def _data_is_of(moments: list[Moment], before: User, after: User) -> bool:
    """What changes besides the username, which only full runs decide (D-16), is as one of the moments had it."""
    told = [moment.accounts[hold.object_id] for moment in moments for hold in after.held_by.values() if hold.object_id in moment.accounts]
    new = (after.realname, after.email)
    if (before.realname, before.email) != new and not any(one[:2] == new for one in told):
        return False
    by_a_sync = before.read_at != after.read_at and not (before.in_trash or after.in_trash)
    enabled = after.status is not Status.DISABLED
    return not by_a_sync or (before.status is not Status.DISABLED) == enabled or any(one[2] is enabled for one in told)


def _hold_is_of(moments: list[Moment], key: str, before: Hold | None, after: Hold | None) -> bool:
    """Who left a sync, or a group of it, was out of it in one of the moments; who came was in."""
    if after is None or (before is not None and before.object_id != after.object_id):
        return before is None or any(not moment.has(key, before.object_id) for moment in moments)
    had, has = set(before.groups if before is not None else ()), set(after.groups)
    return all(any(moment.has(key, after.object_id, group) for moment in moments) for group in has - had) and all(
        any(not moment.has(key, after.object_id, group) for moment in moments) for group in had - has
    )
