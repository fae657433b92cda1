"""Connections to Entra tenants, and the groups that can be chosen through them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from sync_core.directory.syncs import MAX_NAME, Connection
from triggers.http.fields import Answer, Body, Guid
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OF_ENTRA, OUTDATED
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager
from triggers.http.versions import IfMatch, show_version

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


class ConnectionPatch(Body):
    name: str = Field(max_length=MAX_NAME, examples=["Head office"])


class Move(Body):
    tenant_id: Guid = Field(description="The Entra tenant, whose administrator has consented.", examples=[TENANT])


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


@router.post("", status_code=201, summary="Connect a tenant", responses=answers(*OF_ENTRA))
async def create_connection(new: NewConnection, services: Serve, actor: SyncManager) -> ConnectionAnswer:
    """Makes a connection to an Entra tenant, once reading its organization has proved that the tenant answers this application."""
    return ConnectionAnswer.of(await services.connections.create(new.tenant_id, new.name, by=str(actor)))


@router.get("", summary="List connections", responses=answers())
async def list_connections(services: Serve, _: Reader) -> ConnectionList:
    """All connections, in the order of their ids."""
    return ConnectionList(items=[ConnectionAnswer.of(connection) for connection in await services.connections.all()])


@router.get("/{connection_id}", summary="Read a connection", responses=answers(NOT_FOUND))
async def read_connection(connection_id: ConnectionId, response: Response, services: Serve, _: Reader) -> ConnectionAnswer:
    """One connection. Its ETag names this version of it."""
    connection, etag = await services.connections.version(connection_id)
    show_version(response, etag)
    return ConnectionAnswer.of(connection)


@router.patch("/{connection_id}", summary="Rename a connection", responses=answers(NOT_FOUND, OUTDATED))
async def rename_connection(
    connection_id: ConnectionId, patch: ConnectionPatch, response: Response, services: Serve, actor: SyncManager, if_match: IfMatch
) -> ConnectionAnswer:
    """Gives a connection another name."""
    connection, etag = await services.connections.rename(connection_id, patch.name, if_match, by=str(actor))
    show_version(response, etag)
    return ConnectionAnswer.of(connection)


@router.post("/{connection_id}/move", summary="Move a connection to another tenant", responses=answers(NOT_FOUND, *OF_ENTRA))
async def move_connection(connection_id: ConnectionId, move: Move, services: Serve, actor: SyncManager) -> ConnectionAnswer:
    """Reads another tenant, which has consented, from now on. Its syncs are paused, and run there once a preview of each is accepted.

    The tenant that it is at already counts as authorized again.
    """
    return ConnectionAnswer.of(await services.connections.reauthorized(connection_id, move.tenant_id, by=str(actor), may_move=True))


@router.delete("/{connection_id}", status_code=204, summary="Delete a connection", responses=answers(NOT_FOUND, OUTDATED))
async def delete_connection(connection_id: ConnectionId, services: Serve, actor: SyncManager, if_match: IfMatch) -> None:
    """Deletes a connection that no sync reads through."""
    await services.connections.delete(connection_id, if_match, by=str(actor))


@router.get("/{connection_id}/groups", summary="Find groups in Entra", responses=answers(NOT_FOUND, *OF_ENTRA))
async def find_groups(connection_id: ConnectionId, prefix: Prefix, services: Serve, _: SyncManager) -> EntraGroups:
    """Groups of the connection's tenant whose display name begins with `prefix`: those that a sync can select."""
    found = await services.connections.find_groups(connection_id, prefix)
    return EntraGroups(items=[EntraGroup(object_id=group.object_id, name=group.name) for group in found])
