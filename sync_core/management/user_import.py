"""Users from a CSV file: made and changed line by line, under the locks of every other way in (B-079).

A column that is not there and a cell that is empty leave a field as it is: an import never empties one.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from msgspec import structs

from sync_core.directory.attributes import ALIASES
from sync_core.directory.edits import SETTABLE, UserEdit
from sync_core.directory.events import Happening
from sync_core.directory.users import Status
from sync_core.errors import Rejected, SyncError
from sync_core.management.journal import Journal
from sync_core.management.users import Users
from sync_core.planning.describe import fields
from sync_core.storage.dry_tables import DryTables
from sync_core.storage.tables import Tables

TEXTS = ("username", "realname", "email", "notes", "status")
COLUMNS = (*TEXTS, *ALIASES)
MAX_LINES = 2000
"""They are written one after the other, in one request."""


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """What became, or in a dry run would become, of one line."""

    number: int
    """In the file, from 1; of the last one, where a quoted cell spans several."""
    username: str
    outcome: Outcome
    user_id: str = ""
    """"" where there is none, or none yet."""
    fields: tuple[str, ...] = ()
    """Those that changed."""
    reason: str = ""


class UserImport:
    def __init__(self, tables: Tables, users_over: Callable[[Tables], Users], journal: Journal) -> None:
        self._tables = tables
        self._users_over = users_over
        self._journal = journal

    async def __call__(self, content: bytes, *, dry_run: bool, by: str) -> list[Line]:
        """Each line by itself: one that is refused does not stop the others. Imported again, it changes nothing more.

        Raises Rejected, before anything is written, for a file that is no such table.
        """
        rows = list(_rows(content))
        users = self._users_over(DryTables(self._tables) if dry_run else self._tables)
        lines = [await _import(users, number, cells, dry_run=dry_run, by=by) for number, cells in rows]
        if not dry_run:
            became = Counter(line.outcome for line in lines)
            await self._journal.note(by, Happening.USER_IMPORT, description={f"Users {what}": str(n) for what, n in became.items()})
        return lines


async def _import(users: Users, number: int, cells: dict[str, str], *, dry_run: bool, by: str) -> Line:
    username = cells.get("username", "")
    try:
        edit = _edit(cells)
        before = await users.find(username)
        if before is None:
            made = await users.create(edit, by=by)
            return Line(number, username, Outcome.CREATED, "" if dry_run else made.user.user_id)
        after = await users.update(before.user.user_id, structs.replace(edit, username=None), by=by)
    except SyncError as error:
        return Line(number, username, Outcome.REFUSED, reason=str(error))
    changed = tuple(field.name for field in fields(before.user, after.user, {}))
    return Line(number, username, Outcome.UPDATED if changed else Outcome.UNCHANGED, before.user.user_id, changed)


def _edit(cells: dict[str, str]) -> UserEdit:
    if "" in cells:
        raise Rejected(cells[""])
    if "username" not in cells:
        raise Rejected("the line has no username")
    status = cells.get("status", "").lower()
    if status and status not in SETTABLE:
        raise Rejected(f"a status is one of {', '.join(SETTABLE)}, not {status[:64]!r}")
    return UserEdit(
        username=cells["username"],
        realname=cells.get("realname"),
        email=cells.get("email"),
        notes=cells.get("notes"),
        aliases={position: cells[column] for column, position in ALIASES.items() if column in cells},
        status=Status(status) if status else None,
    )


def _rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and the cells that are not empty, by column; under "" what is wrong with the line as a whole."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected(f"the file is not UTF-8: byte {error.start} cannot be read") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(reader, list[str]()))
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Rejected(f"the file is not CSV: {error}, at line {reader.line_num}") from error
    if len(lines) > MAX_LINES:
        raise Rejected(f"at most {MAX_LINES} lines are imported at once, not {len(lines)}: cut the file into several")
    for number, row in lines:
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False) if cell.strip()}
        if len(row) != len(columns):
            cells[""] = f"the line has {len(row)} cells, the first one has {len(columns)}"
        yield number, cells


def _columns(first: list[str]) -> list[str]:
    columns = [column.strip().lower() for column in first]
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown or "username" not in columns:
        wrong = (
            f"unknown: {', '.join(column[:64] or 'one without a name' for column in unknown[:5])}" if unknown else "there is no username"
        )
        raise Rejected(f"the first line names the columns, of {', '.join(COLUMNS)}; {wrong}")
    if len(set(columns)) < len(columns):
        raise Rejected("a column is there twice")
    return columns
