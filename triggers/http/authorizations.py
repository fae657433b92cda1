"""Asking an administrator of an Entra tenant for consent: begin it, hand over its address, see how it ended (B-022, B-026)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from sync_core.directory.authorizations import Authorization, Stage
from sync_core.directory.syncs import MAX_NAME
from triggers.http.connections import TENANT
from triggers.http.fields import Answer, Body
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager

router = APIRouter(prefix="/api/v1/authorizations", tags=["connections"])

AuthorizationId = Annotated[str, Path(description="The authorization's id.", openapi_examples={"id": {"value": "DZ2A3B4C5D6E7F2G3H4I"}})]


class NewAuthorization(Body):
    connection_id: str = Field(
        default="",
        max_length=64,
        description="The connection to authorize again; without it a new one is made.",
        examples=["DC2A3B4C5D6E7F2G3H4I"],
    )
    name: str = Field(
        default="", max_length=MAX_NAME, description="Of a new connection; by default the organization's name.", examples=[""]
    )
    another_tenant: bool = Field(
        default=False,
        description="Whether another tenant than the connection's may answer. Its syncs are then paused until a preview is accepted.",
        examples=[False],
    )


class AuthorizationAnswer(Answer):
    authorization_id: str = Field(examples=["DZ2A3B4C5D6E7F2G3H4I"])
    stage: Stage = Field(
        description="waiting: nobody has opened the address; asked: somebody is at Entra; answered: the tenant is to be proved; "
        "connected; refused: `refusal` says why.",
        examples=["connected"],
    )
    connection_id: str = Field(description="The connection; there once it is connected.", examples=["DC2A3B4C5D6E7F2G3H4I"])
    tenant_id: str = Field(description='The tenant that Entra named; "" before.', examples=[TENANT])
    refusal: str = Field(examples=[""])
    expires_at: datetime = Field(description="Until when it has to go on.")

    @classmethod
    def of(cls, found: Authorization) -> "AuthorizationAnswer":
        return cls.model_validate(_shown(found))


class Begun(AuthorizationAnswer):
    url: str = Field(
        description="Open it in the browser of an administrator who may consent for the tenant. It is told this once.",
        examples=["https://sync.corp.example/connect/DZ2A3B4C5D6E7F2G3H4I.v2Yc…"],
    )

    @classmethod
    def at(cls, found: Authorization, url: str) -> "Begun":
        return cls.model_validate({**_shown(found), "url": url})


@router.post("", status_code=201, summary="Ask for consent", responses=answers(NOT_FOUND))
async def begin_authorization(new: NewAuthorization, response: Response, services: Serve, actor: SyncManager) -> Begun:
    """Begins Microsoft's admin consent for a new connection, or for one that has to be authorized again."""
    found, url = await services.consents.begin(by=str(actor), name=new.name, connection_id=new.connection_id, may_move=new.another_tenant)
    response.headers["Location"] = f"/api/v1/authorizations/{found.authorization_id}"
    return Begun.at(found, url)


@router.get("/{authorization_id}", summary="See how consent went", responses=answers(NOT_FOUND))
async def read_authorization(authorization_id: AuthorizationId, services: Serve, _: Reader) -> AuthorizationAnswer:
    """How far it is. Kept for a day."""
    return AuthorizationAnswer.of(await services.consents.status(authorization_id))


def _shown(found: Authorization) -> dict[str, object]:
    return {
        "authorization_id": found.authorization_id,
        "stage": found.stage,
        "connection_id": found.connection_id,
        "tenant_id": found.tenant_id,
        "refusal": found.refusal,
        "expires_at": found.expires_at(),
    }
