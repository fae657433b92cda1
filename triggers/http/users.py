"""Users of the directory: read, made, changed and deleted by hand, as far as no sync manages them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from sync_core.directory.attributes import POSITIONS
from sync_core.directory.edits import MAX_NOTES, MAX_TEXT, UserEdit
from sync_core.directory.names import fold
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected
from triggers.http.fields import Answer, Body, Cursor, Limit, Page, page
from triggers.http.operations import answers
from triggers.http.problems import IN_USE, NOT_FOUND, OUTDATED
from triggers.http.services import Serve
from triggers.http.signatures import Reader, UserManager
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/users", tags=["users"])

UserId = Annotated[str, Path(description="The user's id.", openapi_examples={"id": {"value": "DU2A3B4C5D6E7F2G3H4I"}})]


_LOOKS = "Each request looks through 1,000 users at most: a page may be empty and still have a next one."
ByName = Annotated[
    str,
    Query(
        max_length=MAX_TEXT,
        description="The one with this username, in any spelling, and outside Trash; the other filters do not count then. Costs two reads.",
        openapi_examples={"name": {"value": "user@corp.example"}},
    ),
]
ByPrefix = Annotated[
    str,
    Query(
        max_length=MAX_TEXT,
        description=f"Those whose usernames begin so, in any spelling. {_LOOKS}",
        openapi_examples={"prefix": {"value": "us"}},
    ),
]
ByStatus = Annotated[Status | None, Query(description=f"Those with this status. {_LOOKS}", openapi_examples={"off": {"value": "disabled"}})]
BySync = Annotated[
    str,
    Query(
        max_length=20,
        description=f"Those whom the sync of this directory key manages. {_LOOKS}",
        openapi_examples={"sync": {"value": "DK2A3B4C5D6E7F2G3H4I"}},
    ),
]
ByGroup = Annotated[
    str,
    Query(
        max_length=20,
        description=f"Those in the group of this id. {_LOOKS} The group's own list of members costs less.",
        openapi_examples={"group": {"value": "DG2A3B4C5D6E7F2G3H4I"}},
    ),
]
Settable = Literal["active", "bypass", "disabled"]
ALIASES = 'By position, "1" to "8". Positions that are not given stay.'


class NewUserBody(Body):
    username: str = Field(max_length=MAX_TEXT, description="Unique among all usernames and aliases.", examples=["user@corp.example"])
    realname: str = Field(default="", max_length=MAX_TEXT, examples=["A User"])
    email: str = Field(default="", max_length=MAX_TEXT, examples=["user@corp.example"])
    notes: str = Field(default="", max_length=MAX_NOTES, examples=["third floor"])
    aliases: dict[str, str] = Field(default={}, description=ALIASES, examples=[{"1": "u@corp.example"}])
    status: Settable = Field(default="active", examples=["active"])

    def edit(self) -> UserEdit:
        return UserEdit(
            username=self.username,
            realname=self.realname,
            email=self.email,
            notes=self.notes,
            aliases=self.aliases,
            status=Status(self.status),
        )


class UserPatch(Body):
    """A JSON merge patch (RFC 7396): what is not given stays, null empties."""

    username: str | None = Field(default=None, max_length=MAX_TEXT, examples=["user@corp.example"])
    realname: str | None = Field(default=None, max_length=MAX_TEXT, examples=["A User"])
    email: str | None = Field(default=None, max_length=MAX_TEXT, examples=["user@corp.example"])
    notes: str | None = Field(default=None, max_length=MAX_NOTES, examples=["third floor"])
    aliases: dict[str, str | None] | None = Field(default=None, description=ALIASES, examples=[{"2": "second@corp.example", "3": None}])
    status: Settable | None = Field(default=None, examples=["bypass"])

    def edit(self) -> UserEdit:
        given = self.model_fields_set
        if "status" in given and self.status is None:
            raise Rejected("a user has a status: active, bypass or disabled", field="status")
        texts: dict[str, Any] = {name: getattr(self, name) or "" for name in ("username", "realname", "email", "notes") if name in given}
        aliases = dict.fromkeys(POSITIONS, "") if self.aliases is None and "aliases" in given else self.aliases or {}
        return UserEdit(
            **texts,
            aliases={position: name or "" for position, name in aliases.items()},
            status=Status(self.status) if self.status is not None else None,
        )


class HoldAnswer(Answer):
    directory_key: str = Field(examples=["DK2A3B4C5D6E7F2G3H4I"])
    tenant_id: str = Field(examples=["8c0f3a7e-52d1-4b0e-9f0a-6a1d2c3b4e5f"])
    object_id: str = Field(description="Its id in Entra.", examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])


class UserAnswer(Answer):
    user_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(examples=["user@corp.example"])
    realname: str = Field(examples=["A User"])
    email: str = Field(examples=["user@corp.example"])
    notes: str = Field(examples=[""])
    aliases: dict[str, str] = Field(description='By position, "1" to "8".', examples=[{"1": "u@corp.example"}])
    status: str = Field(examples=["active"])
    groups: list[str] = Field(description="Ids of its groups.", examples=[["DG2A3B4C5D6E7F2G3H4I"]])
    syncs: list[HoldAnswer] = Field(description="The syncs that manage it.")
    former_username: str = Field(description="The name that, in Trash, another user took over.", examples=[""])
    created_at: datetime | None
    synced_at: datetime | None = Field(description="When a sync wrote it last.")
    trashed_at: datetime | None

    @classmethod
    def of(cls, user: User) -> "UserAnswer":
        holds = user.held_by.items()
        return cls(
            user_id=user.user_id,
            username=user.username,
            realname=user.realname,
            email=user.email,
            notes=user.notes,
            aliases=user.aliases,
            status=user.status,
            groups=list(user.groups),
            syncs=[HoldAnswer(directory_key=key, tenant_id=hold.tenant_id, object_id=hold.object_id) for key, hold in holds],
            former_username=user.former_username,
            created_at=user.created_at,
            synced_at=user.synced_at,
            trashed_at=user.trashed_at,
        )


@router.get("", summary="List users", responses=answers())
async def list_users(
    services: Serve,
    _: Reader,
    username: ByName = "",
    prefix: ByPrefix = "",
    status: ByStatus = None,
    sync: BySync = "",
    group: ByGroup = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[UserAnswer]:
    """Users in the order of their ids, those in Trash too."""
    if username:
        found = await services.users.find(username)
        return page([UserAnswer.of(await services.directory.presented(found.user))] if found is not None else [], "")
    begins = fold(prefix)

    def match(user: User) -> bool:
        return (
            (not begins or fold(user.username).startswith(begins))
            and (status is None or user.status is status)
            and (not sync or sync in user.held_by)
            and (not group or group in user.groups)
        )

    if begins or status is not None or sync or group:
        users, next_cursor = await services.directory.picked(match, limit=limit, cursor=cursor)
        return page([UserAnswer.of(user) for user in users], next_cursor)
    users, next_cursor = await services.directory.users(limit=limit, cursor=cursor)
    return page([UserAnswer.of(user) for user in users], next_cursor)


@router.post("", status_code=201, summary="Create a user", responses=answers(IN_USE))
async def create_user(new: NewUserBody, response: Response, services: Serve, actor: UserManager) -> UserAnswer:
    """Makes a user that no sync manages. A sync that finds its username takes it over (B-010)."""
    stored = await services.users.create(new.edit(), by=str(actor))
    response.headers["Location"] = f"/api/v1/users/{stored.user.user_id}"
    show_version(response, stored.etag)
    return UserAnswer.of(stored.user)


@router.get("/{user_id}", summary="Read a user", responses=answers(NOT_FOUND))
async def read_user(user_id: UserId, response: Response, services: Serve, _: Reader) -> UserAnswer:
    """One user. Its ETag names this version of it."""
    stored = await services.users.get(user_id)
    show_version(response, stored.etag)
    return UserAnswer.of(await services.directory.presented(stored.user))


@router.patch("/{user_id}", summary="Change a user", responses=answers(NOT_FOUND, IN_USE, OUTDATED))
async def change_user(
    user_id: UserId, patch: UserPatch, response: Response, services: Serve, actor: UserManager, if_match: IfMatch
) -> UserAnswer:
    """Changes a user by a JSON merge patch: all fields of one that no sync manages; of another, what its syncs do not write.

    Of a managed user these are its notes and alias positions that no sync maps, and active and bypass in the place of each other.
    """
    stored = await services.users.update(user_id, patch.edit(), if_match, by=str(actor))
    show_version(response, stored.etag)
    return UserAnswer.of(await services.directory.presented(stored.user))


@router.delete("/{user_id}", status_code=204, summary="Delete a user", responses=answers(NOT_FOUND, IN_USE, OUTDATED))
async def delete_user(user_id: UserId, services: Serve, actor: UserManager, if_match: IfMatch) -> None:
    """Deletes a user that no sync manages: at once and for good, without Trash."""
    await services.users.delete(user_id, if_match, by=str(actor))
