"""What runs that died left of users for whom nothing else is planned: put right by their records, or away where there is none."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace as with_

from msgspec.structs import replace

from sync_core.directory.lookups import pointers
from sync_core.planning.changes import Change, Kind
from sync_core.planning.identity import Stored
from sync_core.planning.reading import Candidate, Indexed, Population
from sync_core.planning.settle import Writer


def claimed_in_vain(skipped: Iterable[Candidate], stored: Stored, writer: Writer) -> list[Indexed]:
    """Of candidates that are left out, the rows that somebody who died claimed: their users' records know nothing of the objects."""
    rows = (candidate.indexed for candidate in skipped if candidate.indexed is not None)
    return [row for row in rows if not _is_known(row, stored, writer)]


def without_claims(population: Population, rows: Iterable[Indexed], stored: Stored, writer: Writer) -> Population:
    """The population less those of these `rows` of the index that are claims only: a sync does not hold whom it never came to write."""
    claims = sum(not (row.trashed or row.fingerprint or _is_known(row, stored, writer)) for row in rows)
    return with_(population, users=population.users - claims)


def _is_known(row: Indexed, stored: Stored, writer: Writer) -> bool:
    record = stored.records.get(row.user_id)
    return record is not None and (writer.directory_key, row.object_id) in record.objects


def put_right(stored: Stored, planned: Collection[str]) -> Iterator[Change]:
    """Changes of rows around the records of users that dead runs were to write, and that nothing is `planned` for. Not of those whom
    somebody alive is about to make: their rows come first.
    """
    making = {claim.owner for claim in stored.claims.values() if claim.run in stored.alive}
    for user_id in sorted(stored.points.keys() - set(planned) - making):
        change = _by_its_record(user_id, stored)
        if change.enters or change.leaves or change.gains or change.loses:
            yield change


def _by_its_record(user_id: str, stored: Stored) -> Change:
    record = stored.records.get(user_id)
    standing, groups = pointers(record), set(record.groups) if record is not None else set[str]()
    touched, points = stored.regrouped.get(user_id, frozenset()), stored.points[user_id]
    return Change(
        kind=Kind.KEEP,
        user_id=user_id,
        username=record.username if record is not None else "",
        reason="stays as it is; what a run that did not end well was to write of it is put right",
        enters=tuple(sorted(touched & groups)),
        leaves=tuple(sorted(touched - groups)),
        gains=tuple(sorted(points & standing)),
        loses=tuple(sorted(points - standing)),
    )


def without_record(change: Change, stored: Stored) -> Change:
    """The change of a leaver whom a dead run never came to make: what already pointed to it goes, with its row of Objects."""
    groups, points = stored.regrouped.get(change.user_id, frozenset()), stored.points.get(change.user_id, frozenset())
    return replace(change, leaves=tuple(sorted(groups)), loses=tuple(sorted(points)))


def kept(indexed: Indexed, username: str, reason: str) -> Change:
    return Change(
        kind=Kind.KEEP,
        user_id=indexed.user_id,
        object_id=indexed.object_id,
        username=username,
        reason=reason,
        was_indexed=True,
        etag=indexed.etag,
    )
