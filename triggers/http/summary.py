"""How many users there are, at a glance."""

from fastapi import APIRouter
from pydantic import Field

from triggers.http.fields import Answer
from triggers.http.operations import answers
from triggers.http.services import Serve
from triggers.http.signatures import Reader

router = APIRouter(prefix="/api/v1", tags=["users"])


class SummaryAnswer(Answer):
    users: int = Field(description="All, those in Trash too.", examples=[2000])
    users_by_status: dict[str, int] = Field(description="By their own status.", examples=[{"active": 1990, "pending deletion": 10}])
    users_without_device: int = Field(
        description="Active users that have not activated a device yet: whom a link would help (B-078).", examples=[42]
    )


@router.get("/summary", summary="Count users", responses=answers())
async def read_summary(services: Serve, _: Reader) -> SummaryAnswer:
    """Exact counts, from one request to storage."""
    counts = await services.admin.account.users()
    return SummaryAnswer(users=counts.total, users_by_status=dict(counts.by_status), users_without_device=counts.without_device["active"])
