"""Whether a user may authenticate, and locking it out."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from sync_core.directory.status import Access
from sync_core.directory.users import User
from sync_core.management.sign_in import MAX_REASON
from triggers.http.fields import Answer, Body
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader, UserManager
from triggers.http.users import UserId

router = APIRouter(prefix="/api/v1/users/{user_id}", tags=["users"])


class AccessAnswer(Answer):
    status: str = Field(
        description='By its own status, a lockout, and its groups: "active", "bypass", "disabled", "locked out" or "pending deletion".',
        examples=["disabled"],
    )
    may_authenticate: bool = Field(examples=[False])
    reason: str = Field(description="Why, in words.", examples=["it is disabled by the group Contractors"])
    sessions_valid_after: datetime | None = Field(description="Sessions and remembered devices from before this are void.")

    @classmethod
    def of(cls, user: User, access: Access) -> "AccessAnswer":
        return cls(
            status=access.status,
            may_authenticate=access.may_authenticate,
            reason=access.reason,
            sessions_valid_after=user.sessions_valid_after,
        )


class LockoutBody(Body):
    reason: str = Field(max_length=MAX_REASON, description="Why, in words; shown with the user.", examples=["lost their phone"])


@router.get("/access", summary="Read whether a user may authenticate", responses=answers(NOT_FOUND))
async def read_access(user_id: UserId, services: Serve, _: Reader) -> AccessAnswer:
    """Whether the user may authenticate now, and why not."""
    return AccessAnswer.of(*await services.sign_in.of(user_id))


@router.post("/lockout", status_code=204, summary="Lock a user out", responses=answers(NOT_FOUND))
async def lock_out(user_id: UserId, lockout: LockoutBody, services: Serve, actor: UserManager) -> None:
    """Keeps the user from authenticating until the lockout is ended. No sync ends it."""
    await services.sign_in.lock_out(user_id, lockout.reason, by=str(actor))


@router.delete("/lockout", status_code=204, summary="End a lockout", responses=answers(NOT_FOUND))
async def unlock(user_id: UserId, services: Serve, actor: UserManager) -> None:
    """Ends the user's lockout, if there is one."""
    await services.sign_in.unlock(user_id, by=str(actor))
