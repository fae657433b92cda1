"""Every identifier of the directory is made, packed and placed here.

User, group, phone and admin ids are two letters and 18 characters of 90 random bits. Their alphabet is in ASCII order, so
the order of ids is the order of their bits, and the first of the 18 characters is a user's partition: 32 even parts.
"""

import hashlib
import re
import secrets
from collections.abc import Callable

ALPHABET = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ"
RANDOM_CHARACTERS = 18
PACKED_BYTES = 12
FORM = r"D[A-Z][2-7A-Z]{18}"
"""Of all ids that `new_id` makes, and of integration keys."""
_ID = re.compile(FORM)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
_PAIR_VALUE = {pair: value for value, pair in enumerate(_PAIRS)}

type RandomBits = Callable[[int], int]
"""Takes a number of bits, gives that many random ones as an integer."""


def new_id(prefix: str, random_bits: RandomBits = secrets.randbits) -> str:
    return prefix + _text(random_bits(5 * RANDOM_CHARACTERS))


def new_user_id(random_bits: RandomBits = secrets.randbits) -> str:
    return new_id("DU", random_bits)


def new_group_id(random_bits: RandomBits = secrets.randbits) -> str:
    return new_id("DG", random_bits)


def new_phone_id(beside: str = "", random_bits: RandomBits = secrets.randbits) -> str:
    """`beside` is the id of its user, whose phones share its partition, so that a sync's new rows go out together; "" for nobody's."""
    phone_id = new_id("DP", random_bits)
    return f"DP{user_partition(beside)}{phone_id[3:]}" if beside else phone_id


def new_directory_key(random_bits: RandomBits = secrets.randbits) -> str:
    """The key of a sync, by which the Admin API names it."""
    return new_id("DK", random_bits)


def new_connection_id(random_bits: RandomBits = secrets.randbits) -> str:
    return new_id("DC", random_bits)


def new_authorization_id(random_bits: RandomBits = secrets.randbits) -> str:
    """Of a consent under way."""
    return new_id("DZ", random_bits)


def new_integration_key(random_bits: RandomBits = secrets.randbits) -> str:
    return new_id("DI", random_bits)


def new_reference_code(random_bits: RandomBits = secrets.randbits) -> str:
    """A run's reference code: 32 lower-case hex digits (D-21)."""
    return f"{random_bits(128):032x}"


def has_form(text: str, prefix: str) -> bool:
    """Whether `text` can be an id that begins with `prefix`."""
    return text.startswith(prefix) and _ID.fullmatch(text) is not None


def is_guid(text: str) -> bool:
    """Whether `text` can be an id in Entra, of a tenant or an object, in either case."""
    return _GUID.fullmatch(text) is not None


def user_partition(user_id: str) -> str:
    """The third character: the partition of Users that holds this record."""
    return user_id[2]


def pack(user_id: str) -> bytes:
    """12 bytes that sort as the ids do."""
    number = 0
    for start in range(2, 2 + RANDOM_CHARACTERS, 2):
        number = number << 10 | _PAIR_VALUE[user_id[start : start + 2]]
    return number.to_bytes(PACKED_BYTES, "big")


def unpack(packed: bytes, prefix: str = "DU") -> str:
    return prefix + _text(int.from_bytes(packed, "big"))


def hash_character(key: str) -> str:
    """One of 16 even parts for any key: the partition of rows that are looked up by their key."""
    return hashlib.blake2b(key.encode(), digest_size=1).hexdigest()[0]


HASH_CHARACTERS = "0123456789abcdef"
_SHIFTS = tuple(range(5 * (RANDOM_CHARACTERS - 2), -1, -10))


def _text(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
