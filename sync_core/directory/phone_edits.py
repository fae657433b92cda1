"""What a caller wants of a phone, and the phone that comes of it. Whether it may is asked in `locks.py`."""

import msgspec
from msgspec.structs import replace

from sync_core.directory.phones import Phone, PhoneType, Slot
from sync_core.directory.texts import line
from sync_core.errors import Rejected

MAX_PHONES = 100
"""A user's."""
MAX_TEXT = 128
MAX_DELAY = 4
"""Digits of seconds."""


class PhoneEdit(msgspec.Struct, frozen=True, kw_only=True):
    """None leaves a field as it is, "" empties it."""

    number: str | None = None
    """As a person writes it (`phone_numbers.parse`); an extension in it counts as one."""
    extension: str | None = None
    name: str | None = None
    type: PhoneType | None = None
    platform: str | None = None
    predelay: str | None = None
    postdelay: str | None = None


def edited_phone(phone: Phone, edit: PhoneEdit) -> Phone:
    """Raises Rejected, naming the field, for a value that cannot be."""
    number, extension = _line(phone, edit)
    return replace(
        phone,
        number=number,
        extension=extension,
        name=phone.name if edit.name is None else line("name", edit.name, MAX_TEXT),
        type=edit.type or (PhoneType.LANDLINE if extension and not phone.extension else phone.type),
        platform=phone.platform if edit.platform is None else line("platform", edit.platform, MAX_TEXT),
        predelay=phone.predelay if edit.predelay is None else _digits("predelay", edit.predelay, MAX_DELAY),
        postdelay=phone.postdelay if edit.postdelay is None else _digits("postdelay", edit.postdelay, MAX_DELAY),
    )


def by_hand(phone: Phone) -> Phone:
    """The phone, belonging to no slot of any sync from now on."""
    return replace(phone, slot=Slot.NONE, sync="")


def _line(phone: Phone, edit: PhoneEdit) -> tuple[str, str]:
    if edit.number is None:
        number, extension = phone.line
    elif not edit.number.strip():
        number, extension = "", ""
    else:
        from sync_core.directory.phone_numbers import parse

        read = parse(edit.number)
        number, extension = read.number, read.extension
    if edit.extension is not None:
        given = _digits("extension", edit.extension, 11)
        if extension and edit.number is not None and given not in ("", extension):
            raise Rejected("the number has another extension already", field="extension")
        extension = given or (extension if edit.number is not None else "")
    if extension and not number:
        raise Rejected("an extension needs a number", field="extension")
    return number, extension


def _digits(field: str, text: str, most: int) -> str:
    text = text.strip()
    if len(text) > most or (text and not (text.isascii() and text.isdigit())):
        raise Rejected(f"{field} is at most {most} digits", field=field)
    return text
