"""Phones: the devices of users, brought by a sync or added by hand (B-070..B-076, D-23)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

GENERIC_SMARTPHONE = "Generic Smartphone"
"""The platform of every imported phone (B-072)."""


class PhoneType(StrEnum):
    MOBILE = "Mobile"
    LANDLINE = "Landline"
    UNKNOWN = "Unknown"


class Slot(StrEnum):
    """Which source attribute of a sync brought a phone; a phone added by hand has none."""

    NONE = ""
    PRIMARY = "primary"
    SECONDARY = "secondary"


class Phone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It stands in its user's record; one that belongs to nobody has a row of its own."""

    phone_id: str
    number: str = ""
    """E.164, as "+442079460316"; "" for a device without one."""
    extension: str = ""
    name: str = ""
    type: PhoneType = PhoneType.MOBILE
    platform: str = GENERIC_SMARTPHONE
    slot: Slot = Slot.NONE
    sync: str = ""
    """Directory key of the sync that imported it; "" for one added by hand."""
    predelay: str = ""
    """Seconds, in digits, before the extension is dialled."""
    postdelay: str = ""
    activated: bool = False
    activated_at: datetime | None = None

    @property
    def line(self) -> tuple[str, str]:
        """What it is called at: number and extension."""
        return self.number, self.extension


class Listed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the source says of one slot that is imported."""

    slot: Slot
    number: str = ""
    """"" where the source has none."""
    extension: str = ""
    unread: str = ""
    """What the source says where that is no number: the slot's phone stays as it is."""
    phone_id: str = ""
    """Of the phone that comes of it, should there be none yet."""

    @property
    def line(self) -> tuple[str, str]:
        return self.number, self.extension


def written(number: str, extension: str) -> str:
    """As a person writes it: "+17345559876 x123"."""
    return f"{number} x{extension}" if extension else number


def imported(phones: tuple[Phone, ...], listed: Collection[Listed], sync: str, holders: Collection[str]) -> tuple[Phone, ...]:
    """A user's phones once the sync has brought what the source lists. `holders` are the syncs that hold the user, this one too.

    A phone that has the number already keeps it and comes to its slot, also one that was added by hand, or brought by a sync that holds
    the user no more; else the slot's phone gets the number and stays what it is, activated or not: an activation proves who has the
    device, whatever its number. A number is imported once, whether the source lists it twice or another sync has brought it. What has no
    number in the source any more is removed, but never the last activated phone (D-23).
    """
    if not phones and not any(one.number for one in listed):
        return ()  # nearly everybody, where few have a number: this runs three times for each new user
    free = [phone for phone in phones if phone.sync == sync or phone.sync not in holders]
    chosen = _chosen(free, _wanted(phones, free, listed), sync)
    read = {one.slot for one in listed if not one.unread}
    left = [phone for phone in free if phone.sync == sync and phone.slot in read and phone.phone_id not in chosen]
    last = next((phone for phone in left if phone.activated), None)
    if last is not None and not any(phone.activated for phone in phones if phone not in left):
        left.remove(last)
    known = {phone.phone_id for phone in phones}
    brought = [_brought(Phone(phone_id=phone_id), one, sync) for phone_id, one in chosen.items() if phone_id not in known]
    stay = [phone for phone in phones if phone not in left]
    return (*(_brought(phone, chosen[phone.phone_id], sync) if phone.phone_id in chosen else phone for phone in stay), *brought)


def lingering(phones: Iterable[Phone], listed: Collection[Listed], sync: str) -> list[Phone]:
    """Those that `imported` kept, although the source has no such number any more, because nothing else is activated."""
    read, lines = {one.slot for one in listed if not one.unread}, {one.line for one in listed}
    return [phone for phone in phones if phone.sync == sync and phone.slot in read and phone.line not in lines]


def _wanted(phones: Iterable[Phone], free: Collection[Phone], listed: Iterable[Listed]) -> list[Listed]:
    """The numbers to bring, each once, and none that another sync's phone has."""
    lines = {phone.line for phone in phones if phone not in free}
    wanted: list[Listed] = []
    for one in listed:
        if one.number and one.line not in lines:
            lines.add(one.line)
            wanted.append(one)
    return wanted


def _chosen(free: Iterable[Phone], wanted: Iterable[Listed], sync: str) -> dict[str, Listed]:
    """What each phone shall be, by phone id: those that have the number first, then those in the slot, then new ones."""
    chosen: dict[str, Listed] = {}
    waiting: list[Listed] = []
    for one in wanted:
        same = [phone for phone in free if phone.line == one.line and phone.phone_id not in chosen]
        best = max(same, key=lambda phone: (phone.sync == sync, phone.slot is one.slot, phone.activated), default=None)
        if best is None:
            waiting.append(one)
        else:
            chosen[best.phone_id] = one
    for one in waiting:
        in_slot = (phone for phone in free if phone.sync == sync and phone.slot is one.slot and phone.phone_id not in chosen)
        found = next(in_slot, None)
        chosen[found.phone_id if found is not None else one.phone_id] = one
    return chosen


def _brought(phone: Phone, one: Listed, sync: str) -> Phone:
    """A number with an extension is a landline's (B-075); every other may be a smartphone's (B-072)."""
    kind = PhoneType.LANDLINE if one.extension else PhoneType.MOBILE
    kind = phone.type if phone.line == one.line else kind
    return replace(phone, number=one.number, extension=one.extension, type=kind, slot=one.slot, sync=sync)
