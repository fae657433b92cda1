"""User syncs: set one up, list them, read one with its runs, delete one."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import MAX_GROUPS, MAX_NAME, Sync
from sync_core.management.syncs import NewSync
from triggers.http.connections import GROUP, TENANT
from triggers.http.fields import Answer, Body, Guid, SyncKey
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OUTDATED, REAUTHORIZE
from triggers.http.runs import REFERENCE_CODE, RunAnswer
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/syncs", tags=["syncs"])

MAX_ATTRIBUTE = 200
_DEFAULT = Mapping()


class MappingBody(Body):
    """Which attribute of Microsoft Graph users becomes which field here. An empty one is not imported."""

    username: str = Field(default=_DEFAULT.username, max_length=MAX_ATTRIBUTE, examples=["userPrincipalName"])
    realname: str = Field(default=_DEFAULT.realname, max_length=MAX_ATTRIBUTE, examples=["displayName"])
    email: str = Field(default=_DEFAULT.email, max_length=MAX_ATTRIBUTE, examples=["mail"])
    notes: str = Field(default=_DEFAULT.notes, max_length=MAX_ATTRIBUTE, examples=["jobTitle"])
    aliases: dict[str, str] = Field(default={}, description='By position, "1" to "8".', examples=[{"1": "onPremisesSamAccountName"}])
    normalize: bool = Field(default=False, description='Take of userPrincipalName only the part before "@".', examples=[False])

    def mapping(self) -> Mapping:
        return Mapping(
            username=self.username,
            realname=self.realname,
            email=self.email,
            notes=self.notes,
            aliases=self.aliases,
            normalize=self.normalize,
        )

    @classmethod
    def of(cls, mapping: Mapping) -> "MappingBody":
        return cls(
            username=mapping.username,
            realname=mapping.realname,
            email=mapping.email,
            notes=mapping.notes,
            aliases=mapping.aliases,
            normalize=mapping.normalize,
        )


class NewSyncBody(Body):
    connection_id: str = Field(max_length=64, description="The connection to read through.", examples=["DC2A3B4C5D6E7F2G3H4I"])
    groups: list[Guid] = Field(
        description="Object ids of the groups in Entra whose members, nested ones too, become users here.",
        examples=[[GROUP]],
        json_schema_extra={"minItems": 1, "maxItems": MAX_GROUPS, "uniqueItems": True},
    )
    mapping: MappingBody = MappingBody()
    name: str = Field(default="", max_length=MAX_NAME, description="Unique; by default the organization's name.", examples=["Head office"])


class SelectedGroupAnswer(Answer):
    object_id: str = Field(examples=[GROUP])
    group_id: str = Field(description="Its group here.", examples=["DG2A3B4C5D6E7F2G3H4I"])
    name: str = Field(description="Its name in Entra when last seen.", examples=["Staff"])


class SyncAnswer(Answer):
    directory_key: str = Field(examples=["DK2A3B4C5D6E7F2G3H4I"])
    name: str = Field(examples=["Head office"])
    connection_id: str = Field(examples=["DC2A3B4C5D6E7F2G3H4I"])
    tenant_id: str = Field(examples=[TENANT])
    groups: list[SelectedGroupAnswer]
    mapping: MappingBody
    version: int = Field(description="Raised by each saved change.", examples=[1])
    created_at: datetime

    @classmethod
    def of(cls, sync: Sync) -> "SyncAnswer":
        return cls.model_validate(_shown(sync))


class SyncView(SyncAnswer):
    running: str | None = Field(description="The reference code of the run that goes on.", examples=[REFERENCE_CODE])
    last_run: RunAnswer | None = Field(description="The newest run.")

    @classmethod
    def at(cls, sync: Sync, running: str, last_run: RunAnswer | None) -> "SyncView":
        return cls.model_validate({**_shown(sync), "running": running or None, "last_run": last_run})


class SyncList(Answer):
    items: list[SyncAnswer]


@router.post("", status_code=201, summary="Set up a sync", responses=answers(REAUTHORIZE))
async def create_sync(new: NewSyncBody, response: Response, services: Serve, _: SyncManager) -> SyncAnswer:
    """Makes a user sync, once its mapping is checked and each of its groups was found in Entra. It does not run by itself from this."""
    sync = await services.syncs.create(
        NewSync(connection_id=new.connection_id, groups=tuple(new.groups), mapping=new.mapping.mapping(), name=new.name)
    )
    response.headers["Location"] = f"/api/v1/syncs/{sync.directory_key}"
    return SyncAnswer.of(sync)


@router.get("", summary="List syncs", responses=answers())
async def list_syncs(services: Serve, _: Reader) -> SyncList:
    """All user syncs, in the order of their keys."""
    return SyncList(items=[SyncAnswer.of(sync) for sync in await services.syncs.all()])


@router.get("/{directory_key}", summary="Read a sync", responses=answers(NOT_FOUND))
async def read_sync(directory_key: SyncKey, response: Response, services: Serve, _: Reader) -> SyncView:
    """One sync, with its newest run and the one that goes on. Its ETag names this version of its settings."""
    sync, etag = await services.syncs.version(directory_key)
    show_version(response, etag)
    running = await services.runs.running(directory_key)
    newest, _next = await services.runs.history(directory_key, limit=1, cursor="")
    return SyncView.at(sync, running, RunAnswer.of(newest[0]) if newest else None)


@router.delete("/{directory_key}", status_code=204, summary="Delete a sync", responses=answers(NOT_FOUND, OUTDATED))
async def delete_sync(directory_key: SyncKey, services: Serve, _: SyncManager, if_match: IfMatch) -> None:
    """Deletes a sync, and nothing that it made: its users and groups stay as they are and are unmanaged from now on.

    A run of it that goes on is cancelled at its next slice. Users that another sync manages too pass to that one, with its next run.
    """
    await services.syncs.delete(directory_key, if_match)


def _shown(sync: Sync) -> dict[str, object]:
    return {
        "directory_key": sync.directory_key,
        "name": sync.name,
        "connection_id": sync.connection_id,
        "tenant_id": sync.tenant_id,
        "groups": [{"object_id": group.object_id, "group_id": group.group_id, "name": group.name} for group in sync.groups],
        "mapping": MappingBody.of(sync.mapping),
        "version": sync.version,
        "created_at": sync.created_at,
    }
