"""A small tenant made by hand, and a caller of its Graph."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from local.tenant.model import Organization, Tenant
from local.tenant.serving import Running, serve

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for clients of http alone: httpx would read all certificates for each of them
TENANT_ID = "72f988bf-0000-4000-8000-000000000001"
STAFF, SALES, FIELD, EMPTY = (f"00000000-0000-4000-8000-0000000000{number:02d}" for number in range(1, 5))
ANN, BEA, CARL, GUEST, OUTSIDER = (f"a0000000-0000-4000-8000-0000000000{number:02d}" for number in range(1, 6))


def person(user_id: str, name: str, upn: str, **properties: Any) -> dict[str, Any]:
    return {"id": user_id, "displayName": name, "userPrincipalName": upn, "accountEnabled": True, **properties}


@pytest.fixture
def tenant() -> Tenant:
    """Staff holds Ann and Sales; Sales holds Bea, Carl and Field; Field holds the guest and, in a circle, Staff."""
    made = Tenant(Organization(TENANT_ID, "Contoso Ltd", "contoso.example"))
    made.add_user(person(ANN, "Ann O'Brien", "ann.o'brien@contoso.example", mail="ann@contoso.example", businessPhones=["+1 206 555 0100"]))
    made.add_user(person(BEA, "Bea Lind", "bea@contoso.example", mailNickname="Bea", onPremisesSamAccountName="blind"))
    attributes = {"extensionAttribute1": "A-1", "extensionAttribute2": None}
    made.add_user(person(CARL, "Carl", "carl@contoso.example", accountEnabled=False, onPremisesExtensionAttributes=attributes))
    made.add_user(person(GUEST, "Gus", "gus_partner.example#EXT#@contoso.example", otherMails=["gus@partner.example"]))
    made.add_user(person(OUTSIDER, "Olga", "olga@contoso.example"))
    for group, name in ((STAFF, "All Staff"), (SALES, "Sales EMEA"), (FIELD, "FieldTeam 7"), (EMPTY, 'O\'Neill "Next"')):
        made.add_group({"id": group, "displayName": name, "securityEnabled": group != FIELD})
    made.join(STAFF, [ANN, SALES])
    made.join(SALES, [BEA, CARL, FIELD])
    made.join(FIELD, [GUEST, STAFF])
    return made


@pytest.fixture
async def running(tenant: Tenant) -> AsyncIterator[Running]:
    async with serve(tenant) as started:
        yield started


class Caller:
    """Asks Graph as a sync does: with the token and, unless told otherwise, as an advanced query."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def answer(self, path: str, *, body: object = None, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        query = {f"${name}": str(value) for name, value in options.items()}
        return await self._client.request("GET" if body is None else "POST", path, params=query or None, json=body, headers=headers)

    async def ask(self, path: str, *, body: object = None, headers: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
        answer = await self.answer(path, body=body, headers=headers, **options)
        return answer.json()

    async def refusal(self, path: str, *, body: object = None, headers: dict[str, str] | None = None, **options: Any) -> tuple[int, str]:
        answer = await self.answer(path, body=body, headers=headers, **options)
        return answer.status_code, answer.json()["error"]["code"]

    async def members(self, group: str, *, top: int = 2, select: str = "id") -> list[dict[str, Any]]:
        """All pages of a group's users, as they came."""
        pages = [await self.ask(members_path(group), select=select, top=top, count="true")]
        while following := pages[-1].get("@odata.nextLink"):
            pages.append(await self.ask(following))
        return pages


def members_path(group: str) -> str:
    return f"/groups/{group}/transitiveMembers/graph.user"


@pytest.fixture
async def graph(running: Running) -> AsyncIterator[Caller]:
    headers = {"authorization": f"Bearer {running.token}", "consistencylevel": "eventual"}
    async with httpx.AsyncClient(base_url=running.graph_url, headers=headers, verify=NO_TLS) as client:
        yield Caller(client)
