"""An ordinary day in the simulated tenant: somebody comes, somebody goes, somebody marries."""

from typing import Any
from urllib.parse import quote

import httpx

FEWEST = 100
"""Users of a tenant in which there is somebody for each of the changes."""
EVERYBODY = "All Staff"
DEPARTMENTS = ("Sales", "Support")


async def change_people(tenant_url: str) -> list[str]:
    """Makes the changes through the tenant's control endpoint. Returns each in words."""
    async with httpx.AsyncClient(base_url=f"{tenant_url}/control", trust_env=False) as http:
        leaving, joining = DEPARTMENTS
        people = (await http.get("/users", params={"group": leaving, "limit": 1000})).raise_for_status().json()
        married, moved, suspended, gone = _different([person for person in people if _is_ordinary(person)])
        name = f"{married['givenName']} Castellanos"
        await _send(http, "POST", "/users", {"name": "Nova Lindqvist", "groups": [EVERYBODY]})
        await _send(http, "POST", f"/users/{_named(married)}/rename", {"name": name, "upn": f"{name.replace(' ', '.')}@contoso.example"})
        await _send(http, "POST", f"/users/{_named(moved)}/move", {"leaving": leaving, "joining": joining})
        await _send(http, "POST", f"/users/{_named(suspended)}/disable", {})
        await _send(http, "DELETE", f"/users/{_named(gone)}")
    return [
        f"Nova Lindqvist is hired, into {EVERYBODY}",
        f"{married['displayName']} marries and is {name} now",
        f"{moved['displayName']} moves from {leaving} to {joining}",
        f"{suspended['displayName']}'s account is disabled",
        f"{gone['displayName']}'s account is deleted",
    ]


def _is_ordinary(person: dict[str, Any]) -> bool:
    return person["accountEnabled"] and person["userType"] == "Member" and "mail" in person


def _different(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Four whose given names differ, so that a reader can tell them apart."""
    return list({person["givenName"]: person for person in people}.values())[:4]


async def _send(http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    (await http.request(method, path, json=body)).raise_for_status()


def _named(person: dict[str, Any]) -> str:
    return quote(person["id"], safe="")
