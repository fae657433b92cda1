"""Who holds a name. A claim's row is a pointer: it is believed only as far as the record that it points to agrees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from sync_core.directory.attributes import Mapped, mapper
from sync_core.directory.attributes import Mapping as AttributeMapping
from sync_core.directory.names import digest, fold
from sync_core.directory.users import User
from sync_core.entra.port import SourceUser
from sync_core.planning.reading import Reading

EDIT_LASTS = timedelta(minutes=10)
"""No edit outside a full run takes longer from its claims to its record."""
_EDIT = "edit-"


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """A row of Names: who claims the name, who held it before, and the run, or the edit outside one, that made the claim."""

    name: str
    owner: str
    was: str
    run: str = ""


def edit_mark(begun: datetime, unique: str) -> str:
    """What stands for `run` in claims that are made outside a full run: it tells when."""
    return f"{_EDIT}{begun.timestamp():.0f}-{unique}"


@dataclass(frozen=True, slots=True)
class Alive:
    """Who may still be on the way from a claim to the record that lists the name: full runs that go on, and edits begun lately."""

    runs: frozenset[str] = frozenset()
    now: datetime | None = None
    own: str = ""
    """Whose claims the asker made itself: they tell nothing of others."""
    beside: frozenset[str] = frozenset()
    """Codes of individual syncs that may not have written all yet."""

    def __contains__(self, run: str) -> bool:
        if run == self.own:
            return False
        if not run.startswith(_EDIT):
            return run in self.runs
        begun = float(run.removeprefix(_EDIT).partition("-")[0])
        return self.now is not None and self.now.timestamp() < begun + EDIT_LASTS.total_seconds()

    def may_write(self, run: str) -> bool:
        """Whether a record that lists the name may still be written by whoever claimed it. Syncs claim such names too, where they write
        a user that they did not hold; a hand claims only what is not listed yet, and then is done.
        """
        return run in self and (not run.startswith(_EDIT) or run.rpartition("-")[2] in self.beside)


NOBODY = Alive()


def holder(claim: Claim | None, key: str, records: Mapping[str, User], alive: Alive = NOBODY) -> str:
    """The user whose record lists the name: the owner, else who had it before, else "" for nobody.

    While the run or edit that claimed the name is alive, the name is its owner's: the record is about to list it.
    """
    if claim is None:
        return ""
    if claim.run in alive:
        return claim.owner
    for user_id in (claim.owner, claim.was):
        record = records.get(user_id)
        if record is not None and key in record.name_digests:
            return user_id
    return ""


def wanted_names(mapped: Mapped) -> dict[str, str]:
    """Digest to spelling of every name that the mapped fields claim."""
    return {digest(name): name for name in (*mapped.aliases.values(), mapped.username) if name}


def shared_names(mapping: AttributeMapping, users: Iterable[SourceUser]) -> dict[str, tuple[str, dict[str, str]]]:
    """The users of the source that share a name with another, by object id: the name, and who else has it (B-013).

    Others are given as object id to username. A value that one user repeats is one claim (D-03).
    """
    first: dict[str, SourceUser] = {}
    several: dict[str, dict[str, SourceUser]] = {}
    apply = mapper(mapping)
    for user in users:
        mapped = apply(user.values)
        names = (mapped.username, *mapped.aliases.values()) if mapped.aliases else (mapped.username,)
        for name in {fold(name) for name in names if name}:
            holder_of_name = first.setdefault(name, user)
            if holder_of_name is not user:
                several.setdefault(name, {holder_of_name.object_id: holder_of_name})[user.object_id] = user
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for name, sharers in several.items():
        for object_id in sharers:
            others = {other: apply(user.values).username for other, user in sharers.items() if other != object_id}
            found.setdefault(object_id, (name, others))
    return found


def shared_with_others(reading: Reading, others: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, dict[str, str]]]:
    """As `shared_names`, with users who are not in the reading: `others` gives them by the name, as compared, that they share."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for user in reading.users.values() if others else ():
        mapped = mapper(reading.mapping)(user.values)
        for name in map(fold, (mapped.username, *mapped.aliases.values())):
            if name in others:
                found.setdefault(user.object_id, (name, dict(others[name])))
    return found
