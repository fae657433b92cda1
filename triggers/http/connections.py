"""Connections to Entra tenants, and the groups that can be chosen through them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from sync_core.directory.syncs import MAX_NAME, Connection
from triggers.http.fields import Answer, Body, Guid
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, REAUTHORIZE
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager

router = APIRouter(prefix="/api/v1/connections", tags=["connections"])

MAX_PREFIX = 256
"""Entra's longest display name of a group."""
TENANT = "8c0f3a7e-52d1-4b0e-9f0a-6a1d2c3b4e5f"
GROUP = "3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"
ConnectionId = Annotated[str, Path(description="The connection's id.", openapi_examples={"id": {"value": "DC2A3B4C5D6E7F2G3H4I"}})]
Prefix = Annotated[
    str,
    Query(
        min_length=1, max_length=MAX_PREFIX, description="How the names begin, in any case.", openapi_examples={"prefix": {"value": "Sta"}}
    ),
]


class NewConnection(Body):
    tenant_id: Guid = Field(description="The Entra tenant, whose administrator has consented.", examples=[TENANT])
    name: str = Field(default="", max_length=MAX_NAME, description="By default the organization's display name.", examples=["Head office"])


class ConnectionAnswer(Answer):
    connection_id: str = Field(examples=["DC2A3B4C5D6E7F2G3H4I"])
    tenant_id: str = Field(examples=[TENANT])
    name: str = Field(examples=["Head office"])
    created_at: datetime

    @classmethod
    def of(cls, connection: Connection) -> "ConnectionAnswer":
        return cls(
            connection_id=connection.connection_id, tenant_id=connection.tenant_id, name=connection.name, created_at=connection.created_at
        )


class ConnectionList(Answer):
    items: list[ConnectionAnswer]


class EntraGroup(Answer):
    object_id: str = Field(examples=[GROUP])
    name: str = Field(examples=["Staff"])


class EntraGroups(Answer):
    items: list[EntraGroup] = Field(description="100 at most: give a longer prefix to see others.")


@router.post("", status_code=201, summary="Connect a tenant", responses=answers(REAUTHORIZE))
async def create_connection(new: NewConnection, services: Serve, _: SyncManager) -> ConnectionAnswer:
    """Makes a connection to an Entra tenant, once reading its organization has proved that the tenant answers this application."""
    return ConnectionAnswer.of(await services.connections.create(new.tenant_id, new.name))


@router.get("", summary="List connections", responses=answers())
async def list_connections(services: Serve, _: Reader) -> ConnectionList:
    """All connections, in the order of their ids."""
    return ConnectionList(items=[ConnectionAnswer.of(connection) for connection in await services.connections.all()])


@router.get("/{connection_id}", summary="Read a connection", responses=answers(NOT_FOUND))
async def read_connection(connection_id: ConnectionId, services: Serve, _: Reader) -> ConnectionAnswer:
    """One connection."""
    return ConnectionAnswer.of(await services.connections.get(connection_id))


@router.get("/{connection_id}/groups", summary="Find groups in Entra", responses=answers(NOT_FOUND, REAUTHORIZE))
async def find_groups(connection_id: ConnectionId, prefix: Prefix, services: Serve, _: SyncManager) -> EntraGroups:
    """Groups of the connection's tenant whose display name begins with `prefix`: those that a sync can select."""
    found = await services.connections.find_groups(connection_id, prefix)
    return EntraGroups(items=[EntraGroup(object_id=group.object_id, name=group.name) for group in found])
