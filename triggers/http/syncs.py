"""User syncs: set one up, list them, read one with its runs, delete one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from msgspec import structs
from pydantic import Field

from sync_core.directory.attributes import PRIMARY_PHONE, SECONDARY_PHONE, Mapping, graph_named
from sync_core.directory.brake import Brake
from sync_core.directory.lives import CONNECTED, Standing
from sync_core.directory.schedules import SyncKind
from sync_core.directory.syncs import MAX_GROUPS, MAX_NAME, Sync, shared_groups
from sync_core.errors import Rejected
from sync_core.management.syncs import NewSync
from sync_core.planning.held import HeldSet
from triggers.http.connections import GROUP, TENANT
from triggers.http.fields import Answer, Body, Cursor, Guid, Limit, NamePrefix, Page, SyncKey, page
from triggers.http.held import HeldAnswer
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OF_ENTRA, OUTDATED
from triggers.http.runs import REFERENCE_CODE, RunAnswer
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/syncs", tags=["syncs"])

MAX_ATTRIBUTE = 200
WithConnection = Annotated[
    bool,
    Query(
        description="Whether its connection goes, too; refused while another sync reads through that.",
        openapi_examples={"too": {"value": True}},
    ),
]
_DEFAULT = Mapping()
_BRAKE = Brake()
ENROLLMENT_MAIL: bool = Field(default=False, description="Whether new users without a device get a link by mail.", examples=[False])


class PhonesBody(Body):
    """Where phones come from. With + a number is international, without it of the US; x123 behind it is an extension."""

    primary: str = Field(default=PRIMARY_PHONE, max_length=MAX_ATTRIBUTE, examples=[PRIMARY_PHONE])
    secondary: str = Field(default=SECONDARY_PHONE, max_length=MAX_ATTRIBUTE, description="Empty for none.", examples=[SECONDARY_PHONE])


class MappingBody(Body):
    """Which attribute of Microsoft Graph users becomes which field here. An empty one is not imported."""

    username: str = Field(default=_DEFAULT.username, max_length=MAX_ATTRIBUTE, examples=["userPrincipalName"])
    realname: str = Field(default=_DEFAULT.realname, max_length=MAX_ATTRIBUTE, examples=["displayName"])
    email: str = Field(default=_DEFAULT.email, max_length=MAX_ATTRIBUTE, examples=["mail"])
    notes: str = Field(default=_DEFAULT.notes, max_length=MAX_ATTRIBUTE, examples=["jobTitle"])
    aliases: dict[str, str] = Field(default={}, description='By position, "1" to "8".', examples=[{"1": "onPremisesSamAccountName"}])
    normalize: bool = Field(default=False, description='Take of userPrincipalName only the part before "@".', examples=[False])

    phones: PhonesBody | None = Field(
        default=None, description="Null: phones are not imported, and those imported before stay and can be changed by hand."
    )

    def mapping(self) -> Mapping:
        if self.phones is not None and not self.phones.primary:
            raise Rejected("phones need a primary source; null for none at all", field="mapping.phones.primary")
        return graph_named(
            Mapping(
                username=self.username,
                realname=self.realname,
                email=self.email,
                notes=self.notes,
                aliases=self.aliases,
                normalize=self.normalize,
                primary_phone=self.phones.primary if self.phones is not None else "",
                secondary_phone=self.phones.secondary if self.phones is not None else "",
            )
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
            phones=PhonesBody(primary=mapping.primary_phone, secondary=mapping.secondary_phone) if mapping.phones else None,
        )


class BrakeBody(Body):
    """How much one run may do before it asks. Each class of changes is held when it is over its number and over its share."""

    removals: int = Field(default=_BRAKE.removals, description="Users removed or disabled.", examples=[10])
    removals_percent: int = Field(default=_BRAKE.removals_percent, description="Of the users that the sync holds.", examples=[20])
    removals_most: int = Field(default=_BRAKE.removals_most, description="So many are held whatever their share.", examples=[500])
    group_losses: int = Field(default=_BRAKE.group_losses, description="Members that one group loses.", examples=[10])
    group_losses_percent: int = Field(default=_BRAKE.group_losses_percent, description="Of its members.", examples=[50])
    renames: int = Field(default=_BRAKE.renames, description="Users renamed or taken over.", examples=[0])
    renames_percent: int = Field(default=_BRAKE.renames_percent, description="Of the users that the sync holds.", examples=[20])

    def brake(self) -> Brake:
        return Brake(**self.model_dump())

    @classmethod
    def of(cls, brake: Brake) -> "BrakeBody":
        return cls(**structs.asdict(brake))


class NewSyncBody(Body):
    connection_id: str = Field(max_length=64, description="The connection to read through.", examples=["DC2A3B4C5D6E7F2G3H4I"])
    groups: list[Guid] = Field(
        description="Object ids of the groups in Entra whose members, nested ones too, become users here. Without any the sync is paused.",
        examples=[[GROUP]],
        json_schema_extra={"maxItems": MAX_GROUPS, "uniqueItems": True},
    )
    mapping: MappingBody = MappingBody()
    name: str = Field(default="", max_length=MAX_NAME, description="Unique; by default the organization's name.", examples=["Head office"])
    interval: int | None = Field(
        default=None, description="Minutes between scheduled runs: 30 to 10080; null for the deployment's default.", examples=[720]
    )
    enrollment_mail: bool = ENROLLMENT_MAIL
    brake: BrakeBody = BrakeBody()

    def sync(self) -> NewSync:
        return NewSync(
            connection_id=self.connection_id,
            groups=tuple(self.groups),
            mapping=self.mapping.mapping(),
            name=self.name,
            interval=self.interval,
            enrollment_mail=self.enrollment_mail,
            brake=self.brake.brake(),
        )


class SelectedGroupAnswer(Answer):
    object_id: str = Field(examples=[GROUP])
    group_id: str = Field(description="Its group here.", examples=["DG2A3B4C5D6E7F2G3H4I"])
    name: str = Field(description="Its name in Entra when last seen.", examples=["Staff"])


class ScheduleAnswer(Answer):
    state: str = Field(description='"active" or "paused".', examples=["active"])
    paused_because: str = Field(examples=[""])
    paused_by: str = Field(description="Whoever paused it by hand.", examples=[""])
    paused_at: datetime | None
    next_run_at: datetime | None = Field(description="None while it is paused.")
    failing_since: datetime | None = Field(description="The first failed scheduled run of the present streak.")
    failures: int = Field(description="Failed scheduled runs of the present streak.", examples=[0])

    @classmethod
    def of(cls, standing: Standing) -> "ScheduleAnswer":
        return cls(
            state=standing.schedule,
            paused_because=standing.paused_because,
            paused_by=standing.paused_by,
            paused_at=standing.paused_at,
            next_run_at=standing.next_run_at,
            failing_since=standing.failing_since,
            failures=standing.failures,
        )


class SyncAnswer(Answer):
    directory_key: str = Field(examples=["DK2A3B4C5D6E7F2G3H4I"])
    kind: SyncKind = Field(description="Whom it brings here.", examples=["user"])
    name: str = Field(examples=["Head office"])
    connection_id: str = Field(examples=["DC2A3B4C5D6E7F2G3H4I"])
    tenant_id: str = Field(examples=[TENANT])
    groups: list[SelectedGroupAnswer]
    mapping: MappingBody
    brake: BrakeBody
    interval: int = Field(description="Minutes between scheduled runs.", examples=[720])
    enrollment_mail: bool = ENROLLMENT_MAIL
    version: int = Field(description="Raised by each saved change.", examples=[1])
    created_at: datetime
    moved_from: str = Field(description="The tenant that the connection left, until a preview of the new one is accepted.", examples=[""])
    relink: bool = Field(description="Whether full syncs find users of the former tenant again by name, until one has done well.")
    schedule: ScheduleAnswer
    last_full_sync_at: datetime | None = Field(description="When the last full sync that did well ended.")
    connection_status: str = Field(examples=[CONNECTED])
    alert: str = Field(description="What somebody has to do something about.", examples=[""])

    @classmethod
    def of(cls, sync: Sync, standing: Standing) -> "SyncAnswer":
        return cls.model_validate(_shown(sync, standing))


class SyncView(SyncAnswer):
    running: str | None = Field(description="The reference code of the run that goes on.", examples=[REFERENCE_CODE])
    last_run: RunAnswer | None = Field(description="The newest full run.")
    held: HeldAnswer | None = Field(description="Changes that the brake holds back until somebody approves them.")
    warnings: list[str] = Field(
        description="What is allowed and may surprise.", examples=[['the group Staff is selected in the sync "Berlin", too']]
    )

    @classmethod
    def at(
        cls, sync: Sync, standing: Standing, running: str, last_run: RunAnswer | None, held: HeldSet | None, others: list[Sync]
    ) -> "SyncView":
        beside = {"running": running or None, "last_run": last_run, "held": HeldAnswer.of_set(held) if held is not None else None}
        return cls.model_validate({**_shown(sync, standing), **beside, "warnings": shared_groups(sync, others)})


@router.post("", status_code=201, summary="Set up a sync", responses=answers(*OF_ENTRA))
async def create_sync(new: NewSyncBody, response: Response, services: Serve, actor: SyncManager) -> SyncAnswer:
    """Makes a user sync, once its mapping is checked and each of its groups was found in Entra. Its first run is the next of its schedule,
    or one that is started."""
    sync = await services.syncs.create(new.sync(), by=str(actor))
    response.headers["Location"] = f"/api/v1/syncs/{sync.directory_key}"
    return SyncAnswer.of(sync, await services.schedules.of(sync))


@router.get("", summary="List syncs", responses=answers())
async def list_syncs(services: Serve, _: Reader, prefix: NamePrefix = "", limit: Limit = 100, cursor: Cursor = "") -> Page[SyncAnswer]:
    """User syncs, in the order of their keys."""
    syncs, next_cursor = await services.syncs.page(prefix, limit=limit, cursor=cursor)
    standings = await services.schedules.of_all(syncs)
    return page([SyncAnswer.of(sync, standing) for sync, standing in zip(syncs, standings, strict=True)], next_cursor)


@router.get("/{directory_key}", summary="Read a sync", responses=answers(NOT_FOUND))
async def read_sync(directory_key: SyncKey, response: Response, services: Serve, _: Reader) -> SyncView:
    """One sync, with its newest full run and the one that goes on. Its ETag names this version of its settings."""
    sync, etag = await services.syncs.version(directory_key)
    show_version(response, etag)
    running = await services.runs.running(directory_key)
    newest = await services.runs.newest(directory_key)
    standing = await services.schedules.of(sync)
    held = await services.approvals.held(directory_key)
    others = await services.syncs.all()
    return SyncView.at(sync, standing, running, RunAnswer.of(newest) if newest is not None else None, held, others)


@router.delete("/{directory_key}", status_code=204, summary="Delete a sync", responses=answers(NOT_FOUND, OUTDATED))
async def delete_sync(
    directory_key: SyncKey, services: Serve, actor: SyncManager, if_match: IfMatch, delete_connection: WithConnection = False
) -> None:
    """Deletes a sync, and nothing that it made: its users and groups stay as they are and are unmanaged from now on.

    A run of it that goes on is cancelled at its next slice. Users that another sync manages too pass to that one, with its next run.
    """
    await services.syncs.delete(directory_key, if_match, by=str(actor), with_connection=delete_connection)


def _shown(sync: Sync, standing: Standing) -> dict[str, object]:
    return {
        "directory_key": sync.directory_key,
        "kind": sync.kind,
        "name": sync.name,
        "connection_id": sync.connection_id,
        "tenant_id": sync.tenant_id,
        "groups": [{"object_id": group.object_id, "group_id": group.group_id, "name": group.name} for group in sync.groups],
        "mapping": MappingBody.of(sync.mapping),
        "brake": BrakeBody.of(sync.brake),
        "interval": sync.interval,
        "enrollment_mail": sync.enrollment_mail,
        "version": sync.version,
        "created_at": sync.created_at,
        "moved_from": sync.moved_from,
        "relink": sync.relink,
        "schedule": ScheduleAnswer.of(standing),
        "last_full_sync_at": standing.last_full_sync_at,
        "connection_status": standing.connection_status,
        "alert": standing.alert,
    }
