"""Connections are made once their tenant answers (B-020..B-030)."""

import pytest

from sync_core.errors import NotFound, Reauthorize, Rejected
from tests.management.deployment import NOW, Deployment
from tests.management.source import TENANT, guid


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
