"""An ordinary day in the simulated tenant: somebody comes, somebody goes, somebody marries."""

from typing import Any
from urllib.parse import quote

import httpx

GROUP = "All Staff"


async def change_people(tenant_url: str) -> list[str]:
    """Makes the changes through the tenant's control endpoint. Returns each in words."""
    async with httpx.AsyncClient(base_url=f"{tenant_url}/control", trust_env=False) as http:
        people = (await http.get("/users", params={"group": GROUP, "limit": 40})).raise_for_status().json()
        married, moved, suspended, gone = [person for person in people if person.get("mail")][:4]
        await _post(http, "/users", {"name": "Nova Lindqvist", "groups": [GROUP]})
        new_name = f"{married['givenName']} Castellanos-Frey"
        await _post(http, f"/users/{_named(married)}/rename", {"name": new_name})
        await _patch(http, f"/users/{_named(moved)}", {"jobTitle": "Director of Research"})
        await _post(http, f"/users/{_named(suspended)}/disable", {})
        (await http.delete(f"/users/{_named(gone)}")).raise_for_status()
    return [
        f"Nova Lindqvist is hired, into {GROUP}",
        f"{married['displayName']} is called {new_name} now",
        f"{moved['displayName']} is promoted: Director of Research",
        f"{suspended['displayName']}'s account is disabled",
        f"{gone['displayName']}'s account is deleted",
    ]


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    (await http.post(path, json=body)).raise_for_status()


async def _patch(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    (await http.patch(path, json=body)).raise_for_status()


def _named(person: dict[str, Any]) -> str:
    return quote(person["id"], safe="")
