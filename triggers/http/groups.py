"""Groups of the directory: read, made, changed and deleted by hand, as far as no sync keeps them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from sync_core.directory.edits import MAX_TEXT, GroupEdit
from sync_core.directory.groups import Group, GroupStatus
from triggers.http.fields import Answer, Body, Cursor, Limit, NamePrefix, Page, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OUTDATED
from triggers.http.services import Serve
from triggers.http.signatures import Reader, UserManager
from triggers.http.users import UserId
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/groups", tags=["groups"])

GroupId = Annotated[str, Path(description="The group's id.", openapi_examples={"id": {"value": "DG2A3B4C5D6E7F2G3H4I"}})]


KeptBy = Annotated[
    str,
    Query(
        max_length=20,
        description="Those that the sync of this directory key keeps.",
        openapi_examples={"sync": {"value": "DK2A3B4C5D6E7F2G3H4I"}},
    ),
]
ByStatus = Annotated[GroupStatus | None, Query(description="Those with this status.", openapi_examples={"off": {"value": "disabled"}})]
Settable = Literal["active", "bypass", "disabled"]
STATUS = "Active leaves its members to their own statuses; bypass lets them in without a second factor; disabled keeps them all out."


class NewGroupBody(Body):
    name: str = Field(max_length=MAX_TEXT, description="Others may have the same.", examples=["Contractors"])
    description: str = Field(default="", max_length=MAX_TEXT, examples=["until June"])
    status: Settable = Field(default="active", description=STATUS, examples=["active"])

    def edit(self) -> GroupEdit:
        return GroupEdit(name=self.name, description=self.description, status=GroupStatus(self.status))


class GroupPatch(Body):
    """A JSON merge patch (RFC 7396): what is not given stays."""

    name: str = Field(default="", max_length=MAX_TEXT, examples=["Contractors"])
    description: str | None = Field(default=None, max_length=MAX_TEXT, description="Null empties it.", examples=["until June"])
    status: Settable = Field(default="active", description=STATUS, examples=["disabled"])

    def edit(self) -> GroupEdit:
        given = self.model_fields_set
        return GroupEdit(
            name=self.name if "name" in given else None,
            description=self.description or "" if "description" in given else None,
            status=GroupStatus(self.status) if "status" in given else None,
        )


class MemberAnswer(Answer):
    user_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(description="Empty of a user in Trash whose name another took over.", examples=["user@corp.example"])


class GroupAnswer(Answer):
    group_id: str = Field(examples=["DG2A3B4C5D6E7F2G3H4I"])
    name: str = Field(description="With the sync that keeps it.", examples=['Staff (from Microsoft Entra ID sync "Head office")'])
    base_name: str = Field(description="Without the sync.", examples=["Staff"])
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
async def list_groups(
    services: Serve,
    _: Reader,
    prefix: NamePrefix = "",
    sync: KeptBy = "",
    status: ByStatus = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[GroupAnswer]:
    """Groups in the order of their ids. Names are looked for as they are without their syncs."""
    groups, next_cursor = await services.directory.groups(prefix=prefix, sync=sync, status=status, limit=limit, cursor=cursor)
    return page([GroupAnswer.of(*named) for named in groups], next_cursor)


@router.post("", status_code=201, summary="Create a group", responses=answers())
async def create_group(new: NewGroupBody, response: Response, services: Serve, actor: UserManager) -> GroupAnswer:
    """Makes a group that no sync keeps, for users that no sync manages."""
    group, etag = await services.groups.create(new.edit(), by=str(actor))
    response.headers["Location"] = f"/api/v1/groups/{group.group_id}"
    show_version(response, etag)
    return GroupAnswer.of(*await services.directory.named(group))


@router.get("/{group_id}", summary="Read a group", responses=answers(NOT_FOUND))
async def read_group(group_id: GroupId, response: Response, services: Serve, _: Reader) -> GroupAnswer:
    """One group. Its ETag names this version of it, without its members."""
    group, etag = await services.groups.get(group_id)
    show_version(response, etag)
    return GroupAnswer.of(*await services.directory.named(group))


@router.patch("/{group_id}", summary="Change a group", responses=answers(NOT_FOUND, OUTDATED))
async def change_group(
    group_id: GroupId, patch: GroupPatch, response: Response, services: Serve, actor: UserManager, if_match: IfMatch
) -> GroupAnswer:
    """Changes a group by a JSON merge patch: name, description and status; of a group that a sync keeps, the status only."""
    group, etag = await services.groups.update(group_id, patch.edit(), if_match, by=str(actor))
    show_version(response, etag)
    return GroupAnswer.of(*await services.directory.named(group))


@router.delete("/{group_id}", status_code=204, summary="Delete a group", responses=answers(NOT_FOUND, OUTDATED))
async def delete_group(group_id: GroupId, services: Serve, actor: UserManager, if_match: IfMatch) -> None:
    """Deletes a group that no sync keeps. Its members stay, without it."""
    await services.groups.delete(group_id, if_match, by=str(actor))


@router.get("/{group_id}/members", summary="List the members of a group", responses=answers(NOT_FOUND))
async def list_members(group_id: GroupId, services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[MemberAnswer]:
    """Members in the order of their ids, those in Trash too."""
    users, next_cursor = await services.memberships.page(group_id, limit=limit, cursor=cursor)
    return page([MemberAnswer(user_id=user.user_id, username=user.username) for user in users], next_cursor)


@router.put("/{group_id}/members/{user_id}", status_code=204, summary="Add a member", responses=answers(NOT_FOUND))
async def add_member(group_id: GroupId, user_id: UserId, services: Serve, actor: UserManager) -> None:
    """Puts a user that no sync manages into a group that no sync keeps. Doing it again changes nothing."""
    await services.memberships.add(group_id, user_id, by=str(actor))


@router.delete("/{group_id}/members/{user_id}", status_code=204, summary="Remove a member", responses=answers(NOT_FOUND))
async def remove_member(group_id: GroupId, user_id: UserId, services: Serve, actor: UserManager) -> None:
    """Takes a user that no sync manages out of a group that no sync keeps. Doing it again changes nothing."""
    await services.memberships.remove(group_id, user_id, by=str(actor))
