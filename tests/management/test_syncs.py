"""A sync is set up only when everything about it can be (B-025..B-049)."""

import asyncio
from dataclasses import replace

import pytest
from msgspec import structs

from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import Sync
from sync_core.errors import NotFound, Reauthorize, Rejected, Transient
from sync_core.management.selection import PARALLEL_READS
from sync_core.management.syncs import NewSync
from sync_core.storage.connections import ConnectionRows
from sync_core.storage.syncs import NameTaken, SyncRows
from tests.management.deployment import Deployment, deployed, give_way
from tests.management.source import guid


async def asked(deployment: Deployment, *, groups: int = 2, name: str = "", mapping: Mapping | None = None) -> NewSync:
    connection = await deployment.connected()
    deployment.source.add_groups(groups)
    return NewSync(connection.connection_id, tuple(guid(number) for number in range(groups)), mapping or Mapping(), name)


async def refused(deployment: Deployment, new: NewSync) -> Rejected:
    before = await deployment.rows()
    with pytest.raises(Rejected) as error:
        await deployment.services.syncs.create(new, by="test")
    assert await deployment.rows() == before
    return error.value


async def test_a_sync_knows_its_groups_by_name_and_gives_each_an_id_of_its_own(deployment: Deployment) -> None:  # D-20
    new = await asked(deployment, name=" Head office ")
    sync = await deployment.services.syncs.create(new, by="test")
    assert [(group.object_id, group.name) for group in sync.groups] == [(guid(0), "Group 0"), (guid(1), "Group 1")]
    assert len({group.group_id for group in sync.groups}) == 2
    assert (sync.name, sync.version, sync.mapping) == ("Head office", 1, Mapping())
    assert await deployment.services.syncs.get(sync.directory_key) == sync


async def test_a_group_may_be_selected_in_several_syncs_and_is_a_group_of_its_own_in_each(deployment: Deployment) -> None:  # B-012, B-172
    new = await asked(deployment, groups=1)
    one, other = (
        await deployment.services.syncs.create(new, by="test"),
        await deployment.services.syncs.create(replace(new, name="Other"), by="test"),
    )
    assert one.groups[0].object_id == other.groups[0].object_id
    assert one.groups[0].group_id != other.groups[0].group_id


async def test_400_groups_with_the_longest_names_fit_and_are_read_a_few_at_a_time(deployment: Deployment) -> None:  # B-031
    new = await asked(deployment, groups=400)
    deployment.source.groups = dict.fromkeys(deployment.source.groups, "名" * 256)
    sync = await deployment.services.syncs.create(new, by="test")
    assert await deployment.services.syncs.get(sync.directory_key) == sync
    assert deployment.source.most_at_once == PARALLEL_READS


async def test_the_401st_group_is_refused_before_anything_is_asked(deployment: Deployment) -> None:  # B-031
    new = await asked(deployment, groups=401)
    asked_before = deployment.source.asked
    error = await refused(deployment, new)
    assert error.field == "groups"
    assert "400" in str(error)
    assert deployment.source.asked == asked_before


@pytest.mark.parametrize("groups", [(guid(0), guid(0)), (guid(0), guid(1), guid(0))])
async def test_a_group_named_twice_is_refused(deployment: Deployment, groups: tuple[str, ...]) -> None:
    assert (await refused(deployment, replace(await asked(deployment), groups=groups))).field == "groups"


async def test_groups_that_entra_does_not_have_are_named(deployment: Deployment) -> None:  # B-034
    new = await asked(deployment)
    error = await refused(deployment, replace(new, groups=(guid(0), *(guid(number) for number in range(90, 97)))))
    assert error.field == "groups"
    assert guid(90) in str(error)
    assert guid(0) not in str(error)
    assert "and 2 more" in str(error)


@pytest.mark.parametrize("fault", [Reauthorize("consent was withdrawn"), Transient("busy", retry_after=3)])
async def test_a_source_that_fails_says_so_itself(deployment: Deployment, fault: Reauthorize | Transient) -> None:
    new = await asked(deployment)
    deployment.source.fault = fault
    before = await deployment.rows()
    with pytest.raises(type(fault)) as error:
        await deployment.services.syncs.create(new, by="test")
    assert error.value is fault
    assert await deployment.rows() == before


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        (Mapping(username="onPremisesSamAccountName"), "mapping.username"),  # B-044
        (Mapping(username="proxyAddresses"), "mapping.username"),
        (Mapping(email=""), "mapping.email"),  # B-049
        (Mapping(aliases={"9": "mail"}), "mapping.aliases"),  # B-045
        (Mapping(username="mail", normalize=True), "mapping.normalize"),  # B-065
    ],
)
async def test_a_mapping_that_cannot_be_is_refused_by_the_name_of_its_field(deployment: Deployment, mapping: Mapping, field: str) -> None:
    assert (await refused(deployment, await asked(deployment, mapping=mapping))).field == field


async def test_an_unknown_connection_is_refused(deployment: Deployment) -> None:
    assert (await refused(deployment, replace(await asked(deployment), connection_id="DC2A3B4C5D6E7F2G3H4I"))).field == "connection_id"


async def test_a_name_is_used_once_in_any_spelling(deployment: Deployment) -> None:
    new = await asked(deployment, name="Straße")
    await deployment.services.syncs.create(new, by="test")
    assert (await refused(deployment, replace(new, name="STRASSE"))).field == "name"


async def test_a_sync_without_a_name_is_named_after_the_organization_and_numbered() -> None:  # B-025
    deployment = await deployed(give_way)
    new = await asked(deployment)
    made = await asyncio.gather(*(deployment.services.syncs.create(new, by="test") for _ in range(3)))
    assert sorted(sync.name for sync in made) == ["Corp", "Corp 2", "Corp 3"]


async def test_of_two_that_take_a_name_at_once_one_gets_it() -> None:
    deployment = await deployed(give_way)
    new = await asked(deployment, name="Head office")
    made = await asyncio.gather(
        deployment.services.syncs.create(new, by="test"), deployment.services.syncs.create(new, by="test"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in made) == ["Rejected", "Sync"]
    assert len(await deployment.services.syncs.all()) == 1


async def test_an_organization_with_the_longest_name_can_have_several_syncs(deployment: Deployment) -> None:
    deployment.source.display_name = "n" * 128
    new = await asked(deployment)
    names = {(await deployment.services.syncs.create(new, by="test")).name for _ in range(2)}
    assert names == {"n" * 128, "n" * 126 + " 2"}


async def test_a_deleted_sync_is_neither_listed_nor_found(deployment: Deployment) -> None:  # D-17
    sync = await deployment.services.syncs.create(await asked(deployment), by="test")
    rows = SyncRows(deployment.tables)
    stored = await rows.read(sync.directory_key)
    assert stored is not None
    await rows.replace(structs.replace(sync, deleted_at=sync.created_at), stored.etag)
    assert await deployment.services.syncs.all() == []
    with pytest.raises(NotFound):
        await deployment.services.syncs.get(sync.directory_key)


@pytest.mark.parametrize("reference", ["", "DK#", "DK2A3B4C5D6E7F2G3H4I", "name-00000000000000000000000000000000"])
async def test_what_names_no_sync_is_not_found(deployment: Deployment, reference: str) -> None:
    with pytest.raises(NotFound):
        await deployment.services.syncs.get(reference)


async def test_the_claim_of_a_name_and_its_sync_are_written_together(deployment: Deployment) -> None:
    sync = await deployment.services.syncs.create(await asked(deployment, name="Head office"), by="test")
    other: Sync = structs.replace(sync, directory_key="DK2A3B4C5D6E7F2G3H4I")
    before = await deployment.rows()
    with pytest.raises(NameTaken):
        await SyncRows(deployment.tables).insert(other)
    assert await deployment.rows() == before


async def test_what_was_written_although_the_reply_was_lost_is_not_refused_when_repeated(deployment: Deployment) -> None:
    sync = await deployment.services.syncs.create(await asked(deployment, name="Head office"), by="test")
    connection = await deployment.services.connections.get(sync.connection_id)
    before = await deployment.rows()
    await SyncRows(deployment.tables).insert(sync)
    await ConnectionRows(deployment.tables).insert(connection)
    assert await deployment.rows() == before
