"""How many there are of what the account has."""

from dataclasses import dataclass

from sync_core.directory.users import TRASHED
from sync_core.storage.admins import AdminRows
from sync_core.storage.integrations import IntegrationRows
from sync_core.storage.tables import Tables
from sync_core.storage.user_counts import UserCounts, count_users


@dataclass(frozen=True, slots=True)
class Summary:
    users: int
    """Those in Trash too."""
    trashed: int
    integrations: int
    admins: int


class Account:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def users(self) -> UserCounts:
        return await count_users(self._tables)

    async def summary(self) -> Summary:
        counts = await self.users()
        integrations = await IntegrationRows(self._tables).all()
        return Summary(
            counts.total, sum(counts.by_status[status] for status in TRASHED), len(integrations), await AdminRows(self._tables).count()
        )
