"""Phones that nobody has, or that are about to change hands: the rows around the records that then say what they are.

While a phone goes from a record to its own row, or back, the row holds both: whose it may be, and what it is. The record decides, so a
process may die anywhere between.
"""

from collections.abc import Collection

from sync_core.directory.lookups import NUMBERS, Pointer, number_entry, number_key
from sync_core.directory.phones import Phone
from sync_core.errors import Conflict
from sync_core.storage.lookups import Lookups
from sync_core.storage.phones import PhoneRows, StoredPhone


class LoosePhones:
    def __init__(self, rows: PhoneRows, lookups: Lookups) -> None:
        self._rows = rows
        self._lookups = lookups

    async def keep(self, phone: Phone, user_id: str = "") -> None:
        """From now on the phone is there, whether the record of the user, which has it until now, or nobody's has it.

        Raises Conflict where it has gone to somebody else.
        """
        if phone.number:
            await self._lookups.promise([_pointer(phone, "")])
        if not await self._put(phone.phone_id, user_id, phone, seen=("", user_id)):
            raise Conflict(f"the phone {phone.phone_id} is changing hands at this moment: read it again, and repeat")

    async def claim(self, stored: StoredPhone, user_id: str) -> None:
        """Nobody's phone is about to come into the user's record. Raises Conflict where somebody else is at it."""
        await self._rows.put(stored.phone_id, user_id, stored.phone, stored.etag)

    async def take(self, phone: Phone, user_id: str) -> bool:
        """The user's record has the phone: nothing beside it says any more what it is. Whether nobody has claimed it since."""
        if not await self._put(phone.phone_id, user_id, None, seen=(user_id,)):
            return False
        if phone.number:
            await self._lookups.follow({_pointer(phone, user_id): True, _pointer(phone, ""): False})
        return True

    async def set_free(self, phone: Phone, user_id: str) -> None:
        """The user's record has the phone no more: it is nobody's, unless somebody has claimed it since."""
        await self._put(phone.phone_id, "", phone, seen=(user_id,))
        if phone.number:
            await self._lookups.follow({_pointer(phone, user_id): False})

    async def forget(self, phone: Phone) -> None:
        """Of nobody's phone, all that there is."""
        await self.unlist(phone)
        while (stored := await self._rows.get(phone.phone_id)) is not None and stored.phone is not None:
            try:
                await self._rows.remove(phone.phone_id, stored.etag)
            except Conflict:
                continue
            return

    async def unlist(self, phone: Phone) -> None:
        """Its number does not find nobody's phone any more."""
        if phone.number:
            await self._lookups.follow({_pointer(phone, ""): False})

    async def _put(self, phone_id: str, user_id: str, phone: Phone | None, *, seen: Collection[str]) -> bool:
        """False, and nothing is written, where the row points to none of those `seen`."""
        while True:
            stored = await self._rows.get(phone_id)
            if (stored.user_id if stored is not None else "") not in seen:
                return False
            try:
                await self._rows.put(phone_id, user_id, phone, stored.etag if stored is not None else "")
            except Conflict:
                continue
            return True


def _pointer(phone: Phone, user_id: str) -> Pointer:
    return Pointer(NUMBERS, number_key(phone.number), number_entry(phone.phone_id, user_id))
