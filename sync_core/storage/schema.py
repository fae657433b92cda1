"""The tables and queues of a deployment, and making those that are not there yet."""

from sync_core.storage import (
    admins,
    authorizations,
    changes,
    connections,
    deployment,
    enrollments,
    groups,
    integrations,
    lives,
    locks,
    log,
    lookups,
    members,
    names,
    objects,
    outbox,
    page_ends,
    phones,
    repeats,
    runs,
    staging,
    syncs,
    trash,
    user_counts,
    users,
)
from sync_core.storage.queues import Queues
from sync_core.storage.tables import Tables

_ROWS = (
    admins, authorizations, changes, connections, deployment, enrollments, groups, integrations, lives, locks, log, members, names,
    objects, outbox, page_ends, phones, repeats, runs, staging, syncs, trash, user_counts, users,
)  # fmt: skip
TABLES = tuple(sorted({*lookups.TABLES, *(rows.TABLE for rows in _ROWS)}))


async def prepare(tables: Tables, queues: Queues, names_of_queues: tuple[str, ...]) -> None:
    """Creates what is missing. Doing it again changes nothing."""
    await tables.create(TABLES)
    await queues.create(names_of_queues)
