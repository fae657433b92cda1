"""Settings of the deployment as a whole."""

from fastapi import APIRouter, Response
from pydantic import Field

from sync_core.management.deployment import DeploymentShown
from triggers.http.fields import Answer, Body
from triggers.http.operations import answers
from triggers.http.problems import OUTDATED
from triggers.http.services import Serve
from triggers.http.signatures import Owner, Reader
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/settings", tags=["settings"])


class SettingsPatch(Body):
    """A JSON merge patch (RFC 7396): what is not given stays; null takes the default, which the app settings give."""

    trash_days: int | None = Field(default=None, description="Days that a retired user stays in Trash: 1 to 90.", examples=[30])


class SettingsAnswer(Answer):
    trash_days: int = Field(description="Days that whoever goes to Trash from now on stays there.", examples=[7])
    trash_days_is_default: bool = Field(description="Whether that is what the app setting TRASH_DAYS says.", examples=[True])

    @classmethod
    def of(cls, shown: DeploymentShown) -> "SettingsAnswer":
        return cls(trash_days=shown.trash_days, trash_days_is_default=shown.is_default)


@router.get("", summary="Read the deployment's settings", responses=answers())
async def read_settings(response: Response, services: Serve, _: Reader) -> SettingsAnswer:
    """What holds for the deployment as a whole."""
    shown, etag = await services.admin.settings.version()
    show_version(response, etag)
    return SettingsAnswer.of(shown)


@router.patch("", summary="Change the deployment's settings", responses=answers(OUTDATED))
async def change_settings(patch: SettingsPatch, response: Response, services: Serve, actor: Owner, if_match: IfMatch) -> SettingsAnswer:
    """Changes settings by a JSON merge patch. Users who are in Trash already keep the day on which they are due.

    A process that trashes users goes by a change 30 seconds later at the latest.
    """
    settings = services.admin.settings
    if "trash_days" in patch.model_fields_set:
        shown, etag = await settings.keep_in_trash(patch.trash_days, if_match, by=str(actor))
    else:
        shown, etag = await settings.version()
    show_version(response, etag)
    return SettingsAnswer.of(shown)
