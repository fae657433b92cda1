"""Bypass codes made, listed and deleted. A code is shown once, to whoever has it made; the record holds its digest.

By its id a code is found through a row that points to the user, written before the record lists it and removed after it does not.
"""

from datetime import timedelta

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.bypass_codes import DIGITS, BypassCode, NewCodes, check_codes, usable, with_codes
from sync_core.directory.events import Happening
from sync_core.directory.locks import check_not_in_trash
from sync_core.directory.lookups import BYPASS_CODES, Pointer
from sync_core.directory.users import User
from sync_core.ids import RandomBits, has_form
from sync_core.management.existing import existing_user
from sync_core.management.journal import Journal
from sync_core.management.references import unknown
from sync_core.secrets import SecretBox
from sync_core.storage.lookups import Lookups
from sync_core.storage.users import UserRows

type OwnedCode = tuple[BypassCode, User]


class BypassCodes:
    def __init__(self, users: UserRows, lookups: Lookups, box: SecretBox, journal: Journal, clock: Clock, random_bits: RandomBits) -> None:
        self._users = users
        self._lookups = lookups
        self._box = box
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits

    async def create(self, user_id: str, new: NewCodes, *, by: str) -> list[str]:
        """The codes. Raises NotFound, and Rejected for a user in Trash or with too many of them."""
        check_codes(new)
        user = await existing_user(self._users, user_id)
        now = self._clock.now()
        codes = list(new.codes) or [f"{self._random_bits(64) % 10**DIGITS:0{DIGITS}d}" for _ in range(new.count)]
        added = tuple(
            BypassCode(
                code_id=ids.new_id("DB", self._random_bits),
                digest=self._box.digest(code, owner=user_id),
                created_at=now,
                created_by=by,
                expires_at=now + timedelta(seconds=new.seconds) if new.seconds else None,
                uses_left=new.uses or None,
            )
            for code in codes
        )

        def coded(record: User) -> User:
            check_not_in_trash(record)
            return replace(record, bypass_codes=with_codes(record.bypass_codes, added, now, keeps=new.keeps))

        coded(user)
        async with self._journal.about(by, Happening.BYPASS_CREATE, user.username, user_id, {"bypass codes": str(len(codes))}):
            await self._lookups.promise(Pointer(BYPASS_CODES, code.code_id, user_id) for code in added)
            after = await self._users.change(user_id, coded)
            await self._unpoint(user_id, {*_ids(user), *_ids_of(added)} - _ids(after))
            if after is None:
                raise unknown("user", user_id)
        return codes

    async def of(self, user_id: str) -> list[OwnedCode]:
        """Those of the user that are still good, in the order of their ids. Raises NotFound."""
        user = await existing_user(self._users, user_id)
        codes = usable(user.bypass_codes, self._clock.now())
        return [(code, user) for code in sorted(codes, key=lambda code: code.code_id)]

    async def ids(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` ids of codes that come after `after` ("" for the first), in order, each with its user's id; rows that a dead
        call left may name codes that are not there.
        """
        return await self._lookups.bypass_codes(after, limit)

    async def count(self) -> int:
        """How many `ids` there are."""
        return await self._lookups.count_bypass_codes()

    async def many(self, owners: list[tuple[str, str]]) -> list[OwnedCode]:
        """Those of these codes, given with their users' ids, that are there and still good."""
        stored = await self._users.many({user_id for _, user_id in owners})
        now = self._clock.now()
        good = {code.code_id: (code, found.user) for found in stored.values() for code in usable(found.user.bypass_codes, now)}
        return [good[code_id] for code_id, _ in owners if code_id in good]

    async def get(self, code_id: str) -> OwnedCode:
        """Raises NotFound."""
        owner = await self._lookups.bypass_code(code_id) if has_form(code_id, "DB") else ""
        found = await self.many([(code_id, owner)]) if owner else []
        if not found:
            raise unknown("bypass code", code_id)
        return found[0]

    async def delete(self, code_id: str, *, by: str) -> None:
        """Raises NotFound, and Rejected for a user in Trash."""
        _, user = await self.get(code_id)

        def without(record: User) -> User:
            check_not_in_trash(record)
            return replace(record, bypass_codes=tuple(code for code in record.bypass_codes if code.code_id != code_id))

        async with self._journal.about(by, Happening.BYPASS_DELETE, user.username, user.user_id):
            await self._users.change(user.user_id, without)
            await self._unpoint(user.user_id, {code_id})

    async def _unpoint(self, user_id: str, code_ids: set[str]) -> None:
        await self._lookups.follow({Pointer(BYPASS_CODES, code_id, user_id): False for code_id in code_ids})


def _ids(user: User | None) -> set[str]:
    return _ids_of(user.bypass_codes) if user is not None else set()


def _ids_of(codes: tuple[BypassCode, ...]) -> set[str]:
    return {code.code_id for code in codes}
