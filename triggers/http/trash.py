"""Users in Trash: who, until when, and deleting one for good."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from sync_core.directory.users import Status
from sync_core.management.trash import Trashed
from triggers.http.fields import Answer, Cursor, Limit, Page, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader, UserManager
from triggers.http.users import UserId

router = APIRouter(prefix="/api/v1/trash", tags=["trash"])


class TrashedAnswer(Answer):
    user_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(description="The last that it had, even when another user has it by now.", examples=["user@corp.example"])
    realname: str = Field(examples=["A User"])
    email: str = Field(examples=["user@corp.example"])
    trashed_at: datetime | None
    deletion_due_at: datetime = Field(description="Not before this it is deleted for good, unless somebody tells it to go.")
    purging: bool = Field(description="Whether it is being deleted for good: nothing brings it back any more.", examples=[False])

    @classmethod
    def of(cls, trashed: Trashed) -> "TrashedAnswer":
        user = trashed.user
        return cls(
            user_id=user.user_id,
            username=user.last_username,
            realname=user.realname,
            email=user.email,
            trashed_at=user.trashed_at,
            deletion_due_at=trashed.deletion_due,
            purging=user.status is Status.PURGING,
        )


@router.get("", summary="List users in Trash", responses=answers())
async def list_trash(services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[TrashedAnswer]:
    """Users in Trash, by the day on which they are due to be deleted, the nearest first."""
    users, next_cursor = await services.trash.page(limit=limit, cursor=cursor)
    return page([TrashedAnswer.of(user) for user in users], next_cursor)


@router.delete("/{user_id}", status_code=202, summary="Delete a user in Trash for good", responses=answers(NOT_FOUND))
async def delete_trashed(user_id: UserId, services: Serve, actor: UserManager) -> TrashedAnswer:
    """Deletes a user in Trash now, with all that names it. From this answer on nothing brings it back; it is gone soon after."""
    return TrashedAnswer.of(await services.trash.delete(user_id, by=str(actor)))
