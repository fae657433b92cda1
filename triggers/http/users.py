"""Users of the directory, to read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from sync_core.directory.users import User
from triggers.http.fields import Answer, Cursor, Limit, Page, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader

router = APIRouter(prefix="/api/v1/users", tags=["users"])

UserId = Annotated[str, Path(description="The user's id.", openapi_examples={"id": {"value": "DU2A3B4C5D6E7F2G3H4I"}})]


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
async def list_users(services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[UserAnswer]:
    """Users in the order of their ids, those in Trash too."""
    users, next_cursor = await services.directory.users(limit=limit, cursor=cursor)
    return page([UserAnswer.of(user) for user in users], next_cursor)


@router.get("/{user_id}", summary="Read a user", responses=answers(NOT_FOUND))
async def read_user(user_id: UserId, services: Serve, _: Reader) -> UserAnswer:
    """One user."""
    return UserAnswer.of(await services.directory.user(user_id))
