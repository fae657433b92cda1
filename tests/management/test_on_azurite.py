"""Edits by hand on the tables of the service's own storage: its conflicts, its ETags, its transactions."""

import asyncio
from datetime import UTC, datetime

import pytest

from sync_core.clock import MovableClock
from sync_core.directory.edits import GroupEdit, UserEdit
from sync_core.errors import NotFound
from sync_core.ids import new_group_id
from sync_core.management.groups import Groups
from sync_core.management.journal import Journal
from sync_core.management.memberships import Memberships
from sync_core.management.naming import NameInUse
from sync_core.management.user_import import UserImport
from sync_core.management.users import make_users
from sync_core.management.versions import Outdated, version_of
from sync_core.storage import schema
from sync_core.storage.azure import AzureTables
from sync_core.storage.groups import GroupRows
from sync_core.storage.log import LogRows
from sync_core.storage.members import MemberRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.users import UserRows
from tests.storage.prefixed import PrefixedTables


async def test_users_and_groups_are_made_changed_imported_and_deleted(azure_tables: PrefixedTables[AzureTables]) -> None:  # D-03, B-079
    await azure_tables.create(schema.TABLES)
    clock, bits = MovableClock(datetime(2026, 11, 23, tzinfo=UTC)), iter(range(1, 10**6))

    def random_bits(_: int) -> int:
        return next(bits)

    journal = Journal(LogRows(azure_tables, clock), clock, random_bits)
    users = make_users(azure_tables, clock, random_bits)
    made = await asyncio.gather(
        *(users.create(UserEdit(username="ann", notes=str(n)), by="test") for n in range(5)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in made) == ["NameInUse"] * 4 + ["StoredUser"]
    ann = await users.find("ANN")
    assert ann is not None

    changed = await users.update(ann.user.user_id, UserEdit(username="ann.lind", aliases={"1": "a"}), [version_of(ann.etag)], by="test")
    with pytest.raises(Outdated):
        await users.update(ann.user.user_id, UserEdit(notes="x"), [version_of(ann.etag)], by="test")
    with pytest.raises(NameInUse):
        await users.create(UserEdit(username="A"), by="test")

    importing = UserImport(azure_tables, lambda tables: make_users(tables, clock, random_bits), journal)
    content = b"username,alias1\nann,\nbea,a\nann.lind,aa\n"
    told, done = await importing(content, dry_run=True, by="test"), await importing(content, dry_run=False, by="test")
    assert [line.outcome.value for line in told] == [line.outcome.value for line in done] == ["created", "refused", "updated"]

    memberships = Memberships(UserRows(azure_tables), GroupRows(azure_tables), MemberRows(azure_tables), SyncRows(azure_tables), journal)
    groups = Groups(GroupRows(azure_tables), SyncRows(azure_tables), memberships, journal, random_bits)
    group, _ = await groups.create(GroupEdit(name="Friends"), by="test")
    await memberships.add(group.group_id, changed.user.user_id, by="test")
    assert [user.username for user in (await memberships.page(group.group_id, limit=5, cursor=""))[0]] == ["ann.lind"]
    await groups.delete(group.group_id, by="test")
    with pytest.raises(NotFound):
        await memberships.add(new_group_id(), changed.user.user_id, by="test")
    await users.delete(changed.user.user_id, by="test")
    assert [user.username for user in await UserRows(azure_tables).page("", 10)] == ["ann"]
    assert await users.find("ann.lind") is None
