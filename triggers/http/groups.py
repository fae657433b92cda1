"""Groups of the directory, to read."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from sync_core.directory.groups import Group
from triggers.http.fields import Answer, Cursor, Limit, Page, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader

router = APIRouter(prefix="/api/v1/groups", tags=["groups"])

GroupId = Annotated[str, Path(description="The group's id.", openapi_examples={"id": {"value": "DG2A3B4C5D6E7F2G3H4I"}})]


class GroupAnswer(Answer):
    group_id: str = Field(examples=["DG2A3B4C5D6E7F2G3H4I"])
    name: str = Field(description="With the sync that keeps it.", examples=['Staff (from Microsoft Entra ID sync "Head office")'])
    base_name: str = Field(description="As in Entra.", examples=["Staff"])
    description: str = Field(examples=[""])
    status: str = Field(examples=["active"])
    directory_key: str | None = Field(description="The sync that keeps it.", examples=["DK2A3B4C5D6E7F2G3H4I"])
    object_id: str | None = Field(description="Its id in Entra.", examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])

    @classmethod
    def of(cls, group: Group, name: str) -> "GroupAnswer":
        return cls(
            group_id=group.group_id,
            name=name,
            base_name=group.name,
            description=group.description,
            status=group.status,
            directory_key=group.sync or None,
            object_id=group.object_id or None,
        )


@router.get("", summary="List groups", responses=answers())
async def list_groups(services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[GroupAnswer]:
    """Groups in the order of their ids."""
    groups, next_cursor = await services.directory.groups(limit=limit, cursor=cursor)
    return page([GroupAnswer.of(*named) for named in groups], next_cursor)


@router.get("/{group_id}", summary="Read a group", responses=answers(NOT_FOUND))
async def read_group(group_id: GroupId, services: Serve, _: Reader) -> GroupAnswer:
    """One group."""
    return GroupAnswer.of(*await services.directory.group(group_id))
