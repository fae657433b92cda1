"""Individual syncs as a caller waits for them, warm, with a Graph that takes 50 ms for each answer (B-110)."""

import time
from collections.abc import Sequence
from typing import Any

from bench.figures import Figure, middle
from bench.site import Site, site

GRAPH_SECONDS = 0.05
ROUNDS = 5
MANY = 50
USERS = 2_000


async def measure() -> list[Figure]:
    """On a tenant of 2,000 users, after its first full sync. The floor is the time that Graph takes for the requests in sequence."""
    async with site(USERS) as system:
        await system.run()
        fault = {"fault": "latency", "seconds": GRAPH_SECONDS}
        (await system.control.post("/faults", json=fault)).raise_for_status()
        users = (await system.control.get("/users", params={"limit": 1000})).raise_for_status().json()
        names = [user["userPrincipalName"] for user in users]
        await _sync(system, names[:1])
        return [
            await _figure(system, "individual sync, 1 user, unchanged", [names[:1]] * ROUNDS),
            await _figure(system, f"individual sync, {MANY} users, unchanged", [names[:MANY]] * ROUNDS),
            await _changed(system, users[-MANY:]),
        ]


async def _changed(system: Site, users: Sequence[dict[str, Any]]) -> Figure:
    names = [user["userPrincipalName"] for user in users]
    taken: list[float] = []
    for number in range(ROUNDS):
        for user in users:
            body = {"displayName": f"{user['displayName']} {number}"}
            (await system.control.patch(f"/users/{user['id']}", json=body)).raise_for_status()
        taken.append(await _sync(system, names))
    return await _shown(system, f"individual sync, {MANY} users, all changed", taken, MANY)


async def _figure(system: Site, name: str, rounds: Sequence[Sequence[str]]) -> Figure:
    return await _shown(system, name, [await _sync(system, names) for names in rounds], len(rounds[0]))


async def _shown(system: Site, name: str, taken: Sequence[float], names: int) -> Figure:
    newest = (await system.http.get(f"/api/v1/syncs/{system.directory_key}/runs", params={"limit": 1})).json()["items"][0]
    rounds_of_graph = 2
    return Figure(name=name, users=names, value=middle(taken), unit="s", floor=rounds_of_graph * GRAPH_SECONDS, requests=newest["requests"])


async def _sync(system: Site, names: Sequence[str]) -> float:
    began = time.perf_counter()
    answer = await system.http.post(f"/api/v1/syncs/{system.directory_key}/users:sync", json={"names": list(names)})
    answer.raise_for_status()
    return time.perf_counter() - began
