"""Integration keys: made, listed, given new secrets and revoked (D-34). A secret is shown once, to whoever has it made."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from sync_core.directory.integrations import Grant, Integration
from sync_core.directory.roles import Role
from sync_core.directory.syncs import MAX_NAME
from sync_core.management.integrations import NewKey
from triggers.http.fields import Answer, Body
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import KeyManager

router = APIRouter(prefix="/api/v1/integrations", tags=["integrations"])

IKEY = "DI2A3B4C5D6E7F2G3H4I"
IntegrationKey = Annotated[str, Path(description="The integration key.", openapi_examples={"key": {"value": IKEY}})]


class NewIntegration(Body):
    name: str = Field(max_length=MAX_NAME, description="What the key is for; the log calls its calls by it.", examples=["Nightly report"])
    role: Role = Field(
        strict=False, description="What the key may do on /api/v1; never more than its maker's may.", examples=[Role.READ_ONLY.value]
    )
    grants: list[Annotated[Grant, Field(strict=False)]] = Field(
        default=[], max_length=len(Grant), description="What the key may do on the Admin API.", examples=[[Grant.READ_RESOURCE.value]]
    )


class IntegrationAnswer(Answer):
    integration_key: str = Field(examples=[IKEY])
    name: str = Field(examples=["Nightly report"])
    role: Role = Field(examples=[Role.READ_ONLY.value])
    grants: list[Grant] = Field(examples=[[Grant.READ_RESOURCE.value]])
    created_at: datetime
    created_by: str = Field(description="Empty for a key of the local command.", examples=["Console (DI2A3B4C5D6E7F2G3H4I)"])
    rotated_at: datetime | None = Field(description="When its secret was last replaced.")

    @classmethod
    def of(cls, integration: Integration) -> "IntegrationAnswer":
        return cls.model_validate(_shown(integration))


class SecretAnswer(IntegrationAnswer):
    secret_key: str = Field(description="Shown this once: keep it.", examples=["40 letters and digits"])

    @classmethod
    def with_secret(cls, integration: Integration, secret: str) -> "SecretAnswer":
        return cls.model_validate({**_shown(integration), "secret_key": secret})


class IntegrationList(Answer):
    items: list[IntegrationAnswer]


def _shown(integration: Integration) -> dict[str, object]:
    return {
        "integration_key": integration.ikey,
        "name": integration.name,
        "role": integration.role,
        "grants": list(integration.grants),
        "created_at": integration.created_at,
        "created_by": integration.created_by,
        "rotated_at": integration.rotated_at,
    }


@router.post("", status_code=201, summary="Make an integration key", responses=answers())
async def create_integration(new: NewIntegration, services: Serve, actor: KeyManager) -> SecretAnswer:
    """Makes a key and its secret. Its role is not above the caller's, and it may do nothing that the caller may not."""
    return SecretAnswer.with_secret(*await services.integrations.create_for(actor, NewKey(new.name, new.role, new.grants)))


@router.get("", summary="List integration keys", responses=answers())
async def list_integrations(services: Serve, _: KeyManager) -> IntegrationList:
    """All keys, in the order of the keys, without their secrets."""
    return IntegrationList(items=[IntegrationAnswer.of(integration) for integration in await services.integrations.all()])


@router.get("/{ikey}", summary="Read an integration key", responses=answers(NOT_FOUND))
async def read_integration(ikey: IntegrationKey, services: Serve, _: KeyManager) -> IntegrationAnswer:
    """One key, without its secret."""
    return IntegrationAnswer.of(await services.integrations.get(ikey))


@router.post("/{ikey}/secret", summary="Replace a key's secret", responses=answers(NOT_FOUND))
async def rotate_integration(ikey: IntegrationKey, services: Serve, actor: KeyManager) -> SecretAnswer:
    """Gives the key a new secret. The former one ends at once, in other processes of this deployment within 30 seconds."""
    return SecretAnswer.with_secret(*await services.integrations.rotate_for(actor, ikey))


@router.delete("/{ikey}", status_code=204, summary="Revoke an integration key", responses=answers(NOT_FOUND))
async def revoke_integration(ikey: IntegrationKey, services: Serve, actor: KeyManager) -> None:
    """Ends the key for good: at once, in other processes of this deployment within 30 seconds."""
    await services.integrations.revoke_for(actor, ikey)
