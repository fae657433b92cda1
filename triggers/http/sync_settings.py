"""Settings of a sync changed, and its schedule paused and resumed."""

from typing import Any

from fastapi import APIRouter, Response
from msgspec import structs
from pydantic import Field

from sync_core.directory.attributes import PRIMARY_PHONE, SECONDARY_PHONE, Mapping, graph_named
from sync_core.directory.brake import Brake
from sync_core.directory.syncs import MAX_GROUPS, MAX_NAME
from sync_core.errors import Rejected
from sync_core.management.sync_settings import SyncEdit
from triggers.http.connections import GROUP
from triggers.http.fields import Body, Guid, SyncKey
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OF_ENTRA, OUTDATED
from triggers.http.runs import REFERENCE_CODE
from triggers.http.services import Serve
from triggers.http.signatures import SyncManager
from triggers.http.syncs import MAX_ATTRIBUTE, ScheduleAnswer, SyncAnswer
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/syncs/{directory_key}", tags=["syncs"])


def _attribute(example: str) -> Any:
    return Field(default=None, max_length=MAX_ATTRIBUTE, examples=[example])


def _limit(example: int) -> Any:
    return Field(default=None, examples=[example])


class PhonesPatch(Body):
    """Importing phones. What is not given stays as it is, or takes the default while phones are not imported; null takes that too."""

    primary: str | None = _attribute(PRIMARY_PHONE)
    secondary: str | None = _attribute(SECONDARY_PHONE)

    def over(self, mapping: Mapping) -> dict[str, str]:
        before = mapping if mapping.phones else None
        primary = before.primary_phone if before is not None and "primary" not in self.model_fields_set else self.primary
        secondary = before.secondary_phone if before is not None and "secondary" not in self.model_fields_set else self.secondary
        if primary == "":
            raise Rejected("phones need a primary source; null for no phones at all", field="mapping.phones.primary")
        return {
            "primary_phone": PRIMARY_PHONE if primary is None else primary,
            "secondary_phone": SECONDARY_PHONE if secondary is None else secondary,
        }


class MappingPatch(Body):
    """What is not given stays; null takes the default, which for notes and aliases is not to import them."""

    username: str | None = _attribute("userPrincipalName")
    realname: str | None = _attribute("displayName")
    email: str | None = _attribute("mail")
    notes: str | None = _attribute("jobTitle")
    aliases: dict[str, str | None] | None = Field(default=None, description='By position, "1" to "8".', examples=[{"1": "mail", "2": None}])
    normalize: bool | None = Field(default=None, examples=[True])
    phones: PhonesPatch | None = Field(default=None, description="Null: phones are not imported.")

    def over(self, mapping: Mapping) -> Mapping:
        given = _given(self, Mapping())
        given.pop("phones", None)
        if "phones" in self.model_fields_set:
            given |= self.phones.over(mapping) if self.phones is not None else {"primary_phone": "", "secondary_phone": ""}
        if self.aliases is not None:
            merged = {**mapping.aliases, **self.aliases}
            given["aliases"] = {position: source for position, source in merged.items() if source}
        return graph_named(structs.replace(mapping, **given))


class BrakePatch(Body):
    """What is not given stays; null takes the default."""

    removals: int | None = _limit(10)
    removals_percent: int | None = _limit(20)
    removals_most: int | None = _limit(500)
    group_losses: int | None = _limit(10)
    group_losses_percent: int | None = _limit(50)
    renames: int | None = _limit(0)
    renames_percent: int | None = _limit(20)

    def over(self, brake: Brake) -> Brake:
        return structs.replace(brake, **_given(self, Brake()))


class SyncPatch(Body):
    """A JSON merge patch (RFC 7396): what is not given stays; null takes the default."""

    name: str | None = Field(default=None, max_length=MAX_NAME, examples=["Head office"])
    groups: list[Guid] | None = Field(
        default=None,
        description="Object ids of all groups that are selected from now on. Groups that stay keep their ids here. None pauses the sync.",
        examples=[[GROUP]],
        json_schema_extra={"maxItems": MAX_GROUPS, "uniqueItems": True},
    )
    mapping: MappingPatch | None = Field(default=None, description="Null reverts all attributes to their defaults.")
    interval: int | None = Field(default=None, description="Minutes between scheduled runs: 30 to 10080.", examples=[720])
    enrollment_mail: bool | None = Field(default=None, examples=[False])
    brake: BrakePatch | None = Field(default=None, description="Null reverts all limits to their defaults.")

    confirm: bool = Field(
        default=False,
        description="Yes to enrollment mail for users who are here already and have no device. Asked where it is switched on: the first "
        "answer is 400, with the number of them in `users`.",
        examples=[True],
    )

    def edit(self) -> SyncEdit:
        given = self.model_fields_set
        if "name" in given and self.name is None:
            raise Rejected("a sync has a name", field="name")
        return SyncEdit(
            name=self.name,
            groups=tuple(self.groups or ()) if "groups" in given else None,
            mapping=(self.mapping.over if self.mapping else _default_mapping) if "mapping" in given else None,
            interval=self.interval,
            default_interval="interval" in given and self.interval is None,
            enrollment_mail=bool(self.enrollment_mail) if "enrollment_mail" in given else None,
            brake=(self.brake.over if self.brake else _default_brake) if "brake" in given else None,
            confirm=self.confirm,
        )


class AcceptedPreview(Body):
    preview: str = Field(max_length=64, description="The reference code of a preview of this sync.", examples=[REFERENCE_CODE])


@router.patch("", summary="Change a sync's settings", responses=answers(NOT_FOUND, OUTDATED, *OF_ENTRA))
async def change_sync(
    directory_key: SyncKey, patch: SyncPatch, response: Response, services: Serve, actor: SyncManager, if_match: IfMatch
) -> SyncAnswer:
    """Changes settings by a JSON merge patch. A full sync that goes on is cancelled at its next slice: run it again.

    The source of usernames stays once a full sync has written. Without groups the sync is paused, and resumed by hand only.
    """
    sync, etag = await services.sync_settings.save(directory_key, patch.edit(), if_match, by=str(actor))
    show_version(response, etag)
    return SyncAnswer.of(sync, await services.schedules.of(sync))


@router.post("/pause", summary="Pause automatic syncs", responses=answers(NOT_FOUND))
async def pause_sync(directory_key: SyncKey, services: Serve, actor: SyncManager) -> ScheduleAnswer:
    """Starts no scheduled run any more. Runs that somebody starts go on, as does the one that goes on now."""
    return ScheduleAnswer.of(await services.schedules.pause(directory_key, by=str(actor)))


@router.post("/resume", summary="Resume automatic syncs", responses=answers(NOT_FOUND, *OF_ENTRA))
async def resume_sync(directory_key: SyncKey, services: Serve, actor: SyncManager) -> ScheduleAnswer:
    """Goes on with the schedule, at its next slot. Refused while no groups are selected, while Entra refuses this application, and while a
    move to another tenant is not accepted."""
    return ScheduleAnswer.of(await services.schedules.resume(directory_key, by=str(actor)))


@router.post("/accept-move", summary="Accept another tenant", responses=answers(NOT_FOUND))
async def accept_move(directory_key: SyncKey, accepted: AcceptedPreview, services: Serve, actor: SyncManager) -> SyncAnswer:
    """Lets the sync run in the tenant to which its connection has moved, after a preview of that. Its schedule stays paused.

    If the preview found users again by name (`relink`), so do full syncs, until one has done well.
    """
    sync = await services.schedules.accept_move(directory_key, accepted.preview, by=str(actor))
    return SyncAnswer.of(sync, await services.schedules.of(sync))


def _given(patch: Body, default: Mapping | Brake) -> dict[str, Any]:
    """The fields that the patch names, with the default's value for null."""
    values = {name: getattr(patch, name) for name in patch.model_fields_set}
    return {name: getattr(default, name) if value is None else value for name, value in values.items()}


def _default_mapping(_: Mapping) -> Mapping:
    return Mapping()


def _default_brake(_: Brake) -> Brake:
    return Brake()
