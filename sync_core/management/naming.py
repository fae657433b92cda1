"""Names of users, claimed outside full runs: a claim is made before the record lists the name, and freed after it has dropped it (D-03).

A claim whose name nobody holds may be taken; not one that is alive, made by a run that goes on or by an edit begun lately.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from sync_core.clock import Clock
from sync_core.directory.edits import without_names
from sync_core.directory.locks import alias_field
from sync_core.directory.names import digest
from sync_core.directory.users import Status, User, called
from sync_core.errors import AlreadyRunning, Conflict, Rejected
from sync_core.ids import RandomBits
from sync_core.planning.claims import Alive, Claim, edit_mark, holder
from sync_core.storage.locks import LockRows
from sync_core.storage.names import NameRows
from sync_core.storage.users import StoredUser, UserRows

TRIES = 5
"""How often claims are tried against others who are at the same names."""


class NameInUse(Rejected):
    """Another user has the name (D-03)."""


@dataclass(slots=True)
class Claimed:
    """Claims made for one edit: what undoing them takes."""

    mark: str
    names: dict[str, str]
    """Spellings by digest."""
    etags: dict[str, str] = field(default_factory=dict[str, str])
    """By digest."""
    was: dict[str, str] = field(default_factory=dict[str, str])
    """Users in Trash that had the names until now, by digest."""


class Naming:
    def __init__(self, names: NameRows, users: UserRows, locks: LockRows, clock: Clock, random_bits: RandomBits) -> None:
        self._names = names
        self._users = users
        self._locks = locks
        self._clock = clock
        self._random_bits = random_bits

    async def claim(self, user: User, wanted: Collection[str]) -> Claimed:
        """Claims the names of these digests for the user, whose record lists none of them yet. Users in Trash give theirs up (D-07).

        Raises NameInUse, naming the field and the other user, and AlreadyRunning when a run is about to write this one; claims
        nothing then.
        """
        mark = edit_mark(self._clock.now(), f"{self._random_bits(32):08x}")
        claimed = Claimed(mark, {key: user.name_digests[key] for key in wanted})
        for _ in range(TRIES):
            try:
                await self._claim(user, claimed)
                await self._take_from_trash(user, claimed)
            except (Rejected, AlreadyRunning):
                await self.release(claimed)
                raise
            except Conflict:
                continue
            return claimed
        await self.release(claimed)
        raise Conflict("others are claiming the same names at this moment: try again")

    async def release(self, claimed: Claimed, listed: Collection[str] = ()) -> None:
        """Undoes the claims, but for names that the record lists after all."""
        for key, etag in claimed.etags.items():
            if key in listed:
                continue
            with suppress(Conflict):
                if key in claimed.was:
                    await self._names.put(key, Claim(claimed.names[key], claimed.was[key], ""), etag)
                else:
                    await self._names.remove(key, etag)

    async def listing(self, key: str) -> StoredUser | None:
        """Whoever's record lists the name of this digest."""
        return next(iter(await self.listing_each([key])), None)

    async def listing_each(self, keys: Collection[str]) -> list[StoredUser]:
        """Those whose records list a name of these digests; one who lists several, several times."""
        claims = await self._names.many(keys)
        records = await self._users.many(user_id for claim, _ in claims.values() for user_id in (claim.owner, claim.was) if user_id)
        users = {user_id: stored.user for user_id, stored in records.items()}
        holders = (holder(claim, key, users) for key, (claim, _) in claims.items())
        return [records[user_id] for user_id in holders if user_id in records]

    async def giving_up(self, user: User, dropped: Collection[str]) -> dict[str, str]:
        """The ETags, by digest, of the user's claims of names that its record will drop: what `free` wants after that.

        Claims of an edit made lately stop being alive here: from when the record drops the name, anybody may take it. Raises
        AlreadyRunning when a run has claimed one for this user and is about to write it.
        """
        found = await self._names.many(dropped)
        alive = await self._locks.alive(self._clock.now())
        etags: dict[str, str] = {}
        for key, (claim, etag) in found.items():
            if claim.owner != user.user_id:
                continue
            if claim.run in alive.runs:
                raise AlreadyRunning(claim.run)
            etags[key] = await self._names.put(key, Claim(claim.name, claim.owner, ""), etag) if claim.run in alive else etag
        return etags

    async def free(self, etags: Mapping[str, str]) -> None:
        """Deletes claims of names that the record has dropped. What somebody took meanwhile is theirs."""
        for key, etag in etags.items():
            with suppress(Conflict):
                await self._names.remove(key, etag)

    async def _claim(self, user: User, claimed: Claimed) -> None:
        """Makes the claims that are not made yet, all of them looked at before the first. Raises Conflict when somebody was faster."""
        missing = [key for key in claimed.names if key not in claimed.etags]
        found = await self._names.many(missing)
        # Between claims and records: whoever is not alive any more has written its records, or never will.
        alive = await self._locks.alive(self._clock.now())
        named = {user_id for claim, _ in found.values() for user_id in (claim.owner, claim.was) if user_id}
        records = {user_id: stored.user for user_id, stored in (await self._users.many(named)).items()}
        held = {key: _held_by_another(user, key, claim, records, alive) for key, (claim, _) in found.items()}
        for key, holding in held.items():
            record = records.get(holding)
            being_written = found[key][0].run in alive and found[key][0].owner == holding
            if holding and (being_written or record is None or record.status is not Status.PENDING_DELETION):
                raise _in_use(user, key, record, holding)
        for key in missing:
            was, etag = held.get(key, ""), found[key][1] if key in found else ""
            claimed.etags[key] = await self._names.put(key, Claim(claimed.names[key], user.user_id, was, claimed.mark), etag)
            if was:
                claimed.was[key] = was

    async def _take_from_trash(self, user: User, claimed: Claimed) -> None:
        """The users in Trash drop the names before anybody else lists them."""
        for user_id in set(claimed.was.values()):
            taken = frozenset(key for key, was in claimed.was.items() if was == user_id)

            def dropped(record: User, taken: frozenset[str] = taken) -> User:
                return without_names(record, taken) if record.status is Status.PENDING_DELETION else record

            record = await self._users.change(user_id, dropped)
            if record is not None and (kept := taken & record.name_digests.keys()):
                raise _in_use(user, min(kept), record, user_id)


def _held_by_another(user: User, key: str, claim: Claim, records: Mapping[str, User], alive: Alive) -> str:
    """The user that holds the name, "" for nobody. A claim for this user was left by an edit of it that died: then whoever had the
    name before may still list it.
    """
    if claim.owner != user.user_id:
        return holder(claim, key, records, alive)
    if claim.run in alive.runs:
        raise AlreadyRunning(claim.run)
    before = records.get(claim.was)
    return claim.was if before is not None and key in before.name_digests else ""


def _in_use(user: User, key: str, other: User | None, other_id: str) -> NameInUse:
    """Names the field of `user` that has the name, and whose it is."""
    positions = [position for position, name in user.aliases.items() if digest(name) == key]
    is_username = digest(user.username) == key
    name = user.username if is_username else user.aliases[positions[0]]
    return NameInUse(f"{name} belongs to {called(other, other_id)}", field="username" if is_username else alias_field(positions[0]))
