"""By what a user is found apart from its names: its mail address, its phones and their numbers.

Each is a row that points to the record, and is believed only as far as the record agrees.
"""

import msgspec

from sync_core.directory.names import digest
from sync_core.directory.users import User

EMAILS = "Emails"
NUMBERS = "Numbers"
PHONES = "Phones"
BYPASS_CODES = "BypassCodes"


class Pointer(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """One entry of a row: in `table`, under `key`."""

    table: str
    key: str
    """The digest of the mail address or number, or the phone's id."""
    entry: str
    """The user's id; of a number, the phone's id before it, as `number_entry` makes it."""

    @property
    def user_id(self) -> str:
        return self.entry.rpartition(" ")[2]


def number_entry(phone_id: str, user_id: str) -> str:
    """`user_id` is "" for a phone that belongs to nobody."""
    return f"{phone_id} {user_id}"


def email_key(email: str) -> str:
    """Equal for addresses that fold alike, as names do (D-03)."""
    return digest(email.strip())


def number_key(number: str) -> str:
    """`number` in E.164; extensions share the row of their number."""
    return digest(number)


def pointers(user: User | None) -> frozenset[Pointer]:
    """All that point to the record; none where there is none."""
    if user is None:
        return frozenset()
    found = [Pointer(PHONES, phone.phone_id, user.user_id) for phone in user.phones]
    found += [Pointer(BYPASS_CODES, code.code_id, user.user_id) for code in user.bypass_codes]
    numbers = ((phone.phone_id, phone.number) for phone in user.phones if phone.number)
    found += [Pointer(NUMBERS, number_key(number), number_entry(phone_id, user.user_id)) for phone_id, number in numbers]
    if user.email.strip():
        found.append(Pointer(EMAILS, email_key(user.email), user.user_id))
    return frozenset(found)
