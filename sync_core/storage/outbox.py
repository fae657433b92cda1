"""Rows of mail to send: table Outbox, one partition, by mail id."""

from collections.abc import Sequence
from contextlib import suppress

from sync_core.directory.mail import Mail
from sync_core.errors import AlreadyExists, Missing
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Row, Tables

TABLE = "Outbox"
PARTITION = "mail"


class OutboxRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, mails: Sequence[Mail]) -> None:
        """Each once, whoever repeats it: one that is there stays as it is, for it may be on its way."""
        for mail in mails:
            with suppress(AlreadyExists):
                await self._tables.write(TABLE, Insert(Row(PARTITION, mail.mail_id, columns(mail))))

    async def remove(self, mail_ids: Sequence[str]) -> None:
        """Those that nobody shall get any more; one that is gone is no fault."""
        for mail_id in mail_ids:
            with suppress(Missing):
                await self._tables.write(TABLE, Delete(PARTITION, mail_id))

    async def all(self) -> list[Mail]:
        """In the order of their ids."""
        return [record(row, Mail) async for page in self._tables.query(TABLE, PARTITION) for row in page]
