"""A source that is a plain model: one tenant, its groups, and faults to order."""

import asyncio
from collections.abc import Mapping, Sequence

from sync_core.entra.port import Answers, Page, Presence, Questions, SourceGroup
from sync_core.errors import GroupGone, SyncError

TENANT = "8c0f3a7e-52d1-4b0e-9f0a-6a1d2c3b4e5f"


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


class SourceModel:
    def __init__(self) -> None:
        self.tenant_id = TENANT
        self.display_name = "Corp"
        self.groups: dict[str, str] = {}
        self.fault: SyncError | None = None
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0

    def add_groups(self, count: int) -> list[str]:
        self.groups |= {guid(number): f"Group {number}" for number in range(count)}
        return list(self.groups)

    def _ask(self) -> None:
        self.asked += 1
        if self.fault:
            raise self.fault

    async def organization(self) -> tuple[str, str]:
        self._ask()
        return self.tenant_id, self.display_name

    async def group(self, object_id: str) -> SourceGroup:
        self._ask()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if object_id not in self.groups:
            raise GroupGone(f"no group {object_id}")
        return SourceGroup(object_id, self.groups[object_id])

    async def find_groups(self, prefix: str, *, limit: int = 100) -> list[SourceGroup]:
        self._ask()
        found = [SourceGroup(i, name) for i, name in self.groups.items() if name.lower().startswith(prefix.lower())]
        return found[:limit]

    async def members(self, group: str, attributes: Sequence[str], *, next_link: str = "") -> Page:
        raise AssertionError(f"management reads no members: {group}, {attributes}, {next_link}")

    async def presence(self, object_ids: Sequence[str], attributes: Sequence[str]) -> Mapping[str, Presence]:
        raise AssertionError(f"management reads no users: {object_ids}, {attributes}")

    async def ask(self, questions: Questions, attributes: Sequence[str]) -> Answers:
        raise AssertionError(f"management asks of no users: {questions}, {attributes}")

    async def close(self) -> None: ...
