"""The deployment's own settings, shown and changed: by every way in the same (E-19)."""

from collections.abc import Collection
from dataclasses import dataclass

from msgspec.structs import replace

from sync_core.directory.deployment import Chosen
from sync_core.directory.events import Happening
from sync_core.directory.retention import check_trash_days
from sync_core.errors import Conflict
from sync_core.management.journal import Journal
from sync_core.management.versions import check_version
from sync_core.storage.deployment import DeploymentRows


@dataclass(frozen=True, slots=True)
class DeploymentShown:
    trash_days: int
    is_default: bool
    """Whether the app setting holds."""


class DeploymentSettings:
    def __init__(self, rows: DeploymentRows, journal: Journal) -> None:
        self._rows = rows
        self._journal = journal

    async def version(self) -> tuple[DeploymentShown, str]:
        """The settings, and their ETag."""
        chosen, etag = await self._rows.read()
        return self._shown(chosen), self._version(etag)

    async def keep_in_trash(self, days: int | None, if_match: Collection[str] = (), *, by: str) -> tuple[DeploymentShown, str]:
        """From now on whoever goes to Trash stays so many days there (None: as many as the app setting says). Whoever is there keeps the
        day that was told (B-161).

        The settings as they then are, and their ETag. Raises Rejected for days out of bounds, and Outdated.
        """
        if days is not None:
            check_trash_days(days)
        while True:
            before, etag = await self._rows.read()
            check_version(self._version(etag), if_match)
            after = replace(before, trash_days=days)
            if after == before:
                return self._shown(before), self._version(etag)
            told = {"trash_days": self._told(after), "trash_days before": self._told(before)}
            async with self._journal.about(by, Happening.SETTINGS_UPDATE, description=told) as entry:
                written = await self._written(after, etag)
                if written is None:
                    entry.came_to_nothing()
                    continue
            return self._shown(after), self._version(written)

    async def _written(self, after: Chosen, etag: str) -> str | None:
        """The new ETag; None when somebody else was faster."""
        try:
            return await self._rows.write(after, etag)
        except Conflict:
            stored, stands = await self._rows.read()
            return stands if stored == after else None  # only the answer was lost

    def _version(self, etag: str) -> str:
        """Of what is shown: where nothing is chosen it is the app setting's."""
        return f"{etag} {self._rows.default_trash_days}"

    def _told(self, chosen: Chosen) -> str:
        return str(self._rows.days(chosen))

    def _shown(self, chosen: Chosen) -> DeploymentShown:
        return DeploymentShown(self._rows.days(chosen), chosen.trash_days is None)
