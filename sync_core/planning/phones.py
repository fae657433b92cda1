"""What the source says of a user's phones, read; and what has to be told of it (B-070..B-075, D-23)."""

from collections.abc import Callable, Iterator

from sync_core.directory.attributes import Mapped, Mapping
from sync_core.directory.phones import Listed, Slot, lingering, written
from sync_core.directory.users import User
from sync_core.errors import Rejected
from sync_core.planning.reasons import Reason


def read_phones(mapped: Mapped, new_phone_id: Callable[[], str]) -> tuple[Listed, ...]:
    """One for each slot that is imported."""
    return tuple(_listed(slot, text, new_phone_id) for slot, text in mapped.phones)


def _listed(slot: Slot, text: str, new_phone_id: Callable[[], str]) -> Listed:
    if not text:
        return Listed(slot)
    from sync_core.directory.phone_numbers import parse

    try:
        read = parse(text)
    except Rejected as unread:
        return Listed(slot, unread=str(unread))
    return Listed(slot, read.number, read.extension, phone_id=new_phone_id())


def warnings(phones: tuple[Listed, ...], after: User | None, mapping: Mapping, sync: str) -> Iterator[tuple[Reason, str]]:
    """Why the user's phones are not as the source says, in words."""
    sources = dict(mapping.phones)
    unread = [f"{sources[one.slot]}: {one.unread}" for one in phones if one.unread]
    if unread:
        yield Reason.PHONE_UNREAD, "; ".join(unread)
    if after is not None and (kept := lingering(after.phones, phones, sync)):
        yield Reason.LAST_DEVICE, ", ".join(written(phone.number, phone.extension) for phone in kept)
