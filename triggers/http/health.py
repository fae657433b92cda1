"""Whether this deployment serves, for probes: unsigned, and telling nothing else."""

from fastapi import APIRouter
from pydantic import Field

from triggers.http.fields import Answer
from triggers.http.operations import unsigned_answers
from triggers.http.problems import BUSY
from triggers.http.services import Serve

router = APIRouter(tags=["health"])


class HealthAnswer(Answer):
    status: str = Field(examples=["ok"])


@router.get("/healthz", summary="Check health", responses=unsigned_answers(BUSY), openapi_extra={"security": []})
async def check_health(services: Serve) -> HealthAnswer:
    """Answers "ok" after one small read of storage. Needs no signature."""
    await services.health.check()
    return HealthAnswer(status="ok")
