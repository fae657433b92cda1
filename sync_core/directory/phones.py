"""Phones: the devices of users, brought by a sync or added by hand (B-070..B-076, D-23)."""

from datetime import datetime
from enum import StrEnum

import msgspec

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
