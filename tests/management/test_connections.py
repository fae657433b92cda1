"""Connections are made once their tenant answers, renamed, and deleted where no sync reads through them (B-020..B-030, B-144)."""

import asyncio

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.errors import NotFound, Reauthorize, Rejected
from sync_core.management.syncs import NewSync
from sync_core.management.versions import Outdated, version_of
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.management.deployment import NOW, Deployment
from tests.management.office import BY, OLD, Office
from tests.management.source import TENANT, guid
from tests.runs.scheduled import DAY
from tests.runs.world import World


async def test_a_connection_takes_the_name_of_the_organization(deployment: Deployment) -> None:  # B-025
    deployment.source.display_name = " Corp\tand Sons "
    made = await deployment.services.connections.create(TENANT, by="test")
    assert (made.name, made.tenant_id, made.created_at) == ("Corp and Sons", TENANT, NOW)
    assert await deployment.services.connections.get(made.connection_id) == made


@pytest.mark.parametrize(("organization", "name"), [("", TENANT), ("\n", TENANT), ("n" * 300, "n" * 128)])
async def test_an_organization_whose_name_cannot_be_one_here_still_connects(deployment: Deployment, organization: str, name: str) -> None:
    deployment.source.display_name = organization
    assert (await deployment.services.connections.create(TENANT, by="test")).name == name


async def test_a_connection_may_be_named(deployment: Deployment) -> None:
    assert (await deployment.services.connections.create(TENANT, " Head office ", by="test")).name == "Head office"


async def test_several_connections_are_listed_in_the_order_of_their_ids(deployment: Deployment) -> None:  # B-021
    made = [await deployment.connected() for _ in range(5)]
    assert await deployment.services.connections.all() == sorted(made, key=lambda connection: connection.connection_id)


async def test_a_tenant_that_does_not_answer_is_not_connected(deployment: Deployment) -> None:  # B-028
    deployment.source.fault = Reauthorize("consent was withdrawn")
    before = await deployment.rows()
    with pytest.raises(Reauthorize):
        await deployment.services.connections.create(TENANT, by="test")
    assert await deployment.rows() == before


async def test_a_credential_that_reaches_another_tenant_does_not_connect_this_one(deployment: Deployment) -> None:
    deployment.source.tenant_id = guid(1)
    before = await deployment.rows()
    with pytest.raises(Rejected) as refused:
        await deployment.services.connections.create(TENANT, by="test")
    assert refused.value.field == "tenant_id"
    assert await deployment.rows() == before


async def test_groups_are_found_by_the_beginning_of_their_name_100_at_most(deployment: Deployment) -> None:  # B-030
    deployment.source.add_groups(150)
    connection = await deployment.connected()
    assert len(await deployment.services.connections.find_groups(connection.connection_id, "group")) == 100
    assert [group.name for group in await deployment.services.connections.find_groups(connection.connection_id, "GROUP 149")] == [
        "Group 149"
    ]


@pytest.mark.parametrize("reference", ["", "DC", "DC/../x", "DC2A3B4C5D6E7F2G3H4I", "DK2A3B4C5D6E7F2G3H4I"])
async def test_what_names_no_connection_is_not_found(deployment: Deployment, reference: str) -> None:
    with pytest.raises(NotFound):
        await deployment.services.connections.get(reference)


async def test_a_connection_is_renamed_where_nobody_did_meanwhile(office: Office) -> None:
    connection, _ = await office.set_up()
    _, etag = await office.connections.version(connection.connection_id)

    renamed, now = await office.connections.rename(connection.connection_id, " Branch ", (version_of(etag),), by=BY)

    assert renamed == replace(connection, name="Branch")
    assert (await office.connections.version(connection.connection_id)) == (renamed, now)
    with pytest.raises(Outdated):
        await office.connections.rename(connection.connection_id, "Other", (version_of(etag),), by=BY)
    with pytest.raises(Rejected):
        await office.connections.rename(connection.connection_id, "\n", by=BY)


async def test_a_connection_that_syncs_read_through_is_not_deleted(office: Office) -> None:  # B-144
    connection, key = await office.set_up()
    with pytest.raises(Rejected, match="Acme"):
        await office.connections.delete(connection.connection_id, by=BY)

    await office.syncs.delete(key, by=BY)
    await office.connections.delete(connection.connection_id, by=BY)

    with pytest.raises(NotFound):
        await office.connections.get(connection.connection_id)


async def test_a_connection_comes_back_for_a_sync_that_was_set_up_while_it_was_deleted(office: Office) -> None:  # B-144
    connection = await office.connections.create(OLD, by=BY)

    async def set_up(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if point == "before" and call.name == "Connections" and call.operations:
            office.world.interrupt = None
            await office.syncs.create(NewSync(connection.connection_id, ("staff",), Mapping()), by=BY)

    office.world.interrupt = set_up
    with pytest.raises(Rejected, match="Acme"):
        await office.connections.delete(connection.connection_id, by=BY)

    assert await office.connections.get(connection.connection_id) == connection


@pytest.mark.parametrize("seed", range(8))
async def test_no_sync_is_left_without_the_connection_that_is_deleted_at_the_same_moment(seed: int) -> None:
    world = World(seed=seed)
    await world.prepare()
    here = Office(world)
    connection = await here.connections.create(OLD, by=BY)

    async def slow(*_: object) -> None:
        for _n in range(world.random.randrange(5)):
            await asyncio.sleep(0)

    world.interrupt = slow
    new = NewSync(connection.connection_id, ("staff",), Mapping())
    await asyncio.gather(here.syncs.create(new, by=BY), here.connections.delete(connection.connection_id, by=BY), return_exceptions=True)
    world.interrupt = None

    there = {found.connection_id for found in await here.connections.all()}
    assert {sync.connection_id for sync in await here.syncs.all()} <= there
    assert set(await world.context.lives.all()) == {sync.directory_key for sync in await here.syncs.all()}


async def test_a_connection_made_again_under_its_id_is_the_same(office: Office) -> None:  # B-022
    made = await office.connections.create(OLD, by=BY, connection_id="DC2A3B4C5D6E7F2G3H4I")
    office.world.clock.at += DAY

    assert await office.connections.create(OLD, by=BY, connection_id="DC2A3B4C5D6E7F2G3H4I") == made
    assert await office.connections.all() == [made]
