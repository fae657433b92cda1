"""Users out of Graph's JSON: just the mapped properties, each as a text.

A struct made for the set of attributes decodes a page about twice as fast as one of dicts with everything in it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

import msgspec

from sync_core.entra.port import Page, SourceUser
from sync_core.errors import IncompleteRead

NO_PERMISSION = (
    "Microsoft Graph showed users without their properties (accountEnabled is null): the application may see that they exist, not what "
    "they are. Consent to User.Read.All."
)


class UserReader:
    """Decodes users with one set of attributes. `select` names the properties to ask for, `id` and `accountEnabled` first.

    An attribute is a property, or one field of a property that is an object ("onPremisesExtensionAttributes.extensionAttribute1"),
    which Graph gives only as a whole.
    """

    def __init__(self, attributes: tuple[str, ...]) -> None:
        paths = [attribute.partition(".") for attribute in attributes]
        self.select = tuple(dict.fromkeys(["id", "accountEnabled", *(name for name, _, _ in paths)]))
        row = _row(self.select)
        self._user = msgspec.json.Decoder(row)
        self._page = msgspec.json.Decoder(_page(row))
        fields = {name: f"f{index}" for index, name in enumerate(self.select)}
        self._values = _values([(fields[name], key) for name, _, key in paths])

    def page(self, body: bytes) -> Page:
        """Raises IncompleteRead for a body that is cut or is no page, and where no user shows a property.

        A single user who does not say whether they are enabled is left out: absence is looked into, a wrong status is not.
        """
        try:
            page = self._page.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            raise IncompleteRead(
                f"A page of members is no whole JSON answer of Microsoft Graph ({broken}): read the group again"
            ) from broken
        users = self._users(page.value)
        if page.value and not users:
            raise IncompleteRead(NO_PERMISSION)
        return Page(users, len(page.value), page.total, page.next)

    def user(self, body: bytes | msgspec.Raw) -> SourceUser | None:
        """One user; None where Graph does not show whether they are enabled. Raises msgspec.DecodeError."""
        return next(iter(self._users([self._user.decode(body)])), None)

    def _users(self, rows: Sequence[Any]) -> tuple[SourceUser, ...]:
        """One pass without calls for texts and nulls, which nearly all values are: it runs for every user of every sync."""
        values = self._values
        return tuple([
            SourceUser(row.f0, row.f1, tuple([v if v.__class__ is str else "" if v is None else text(v) for v in values(row)]))
            for row in rows
            if row.f1 is not None
        ])  # fmt: skip


@lru_cache(maxsize=256)
def reader(attributes: tuple[str, ...]) -> UserReader:
    """The reader for these attributes: one for each mapping in use, because making its types takes longer than reading a page."""
    return UserReader(attributes)


def text(value: object) -> str:
    """A property's value as the mapping sees it: "" for null, the first of a list, "true" or "false", a number's digits."""
    if value.__class__ is list:
        value = next(iter(cast("list[object]", value)), None)
    if value.__class__ is str:
        return cast("str", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""  # null, or an object, which is mapped by one of its fields


def _values(fields: Sequence[tuple[str, str]]) -> Callable[[object], Sequence[Any]]:
    """What reads the attributes off a row: each is a field of it, and one key of that field's object where a key is given."""
    names = [name for name, _ in fields]
    inner = [(index, key) for index, (_, key) in enumerate(fields) if key]
    if len(names) > 1 and not inner:
        return attrgetter(*names)
    pick = cast("Callable[[object], tuple[Any, ...]]", attrgetter(*names, "f0", "f0"))  # of one name alone it would make no tuple

    def read(row: object) -> list[Any]:
        values = list(pick(row)[: len(names)])
        for index, key in inner:
            values[index] = _field(values[index], key)
        return values

    return read


def _field(value: object, key: str) -> object:
    return cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None


def _row(select: tuple[str, ...]) -> type[msgspec.Struct]:
    """A struct with the fields f0 (id), f1 (accountEnabled), f2 and so on, in the order of `select`; all but the id may be missing."""
    fields: list[Any] = [("f0", str), ("f1", bool | None, None)]
    fields += [(f"f{index}", Any, None) for index in range(2, len(select))]
    return msgspec.defstruct("Row", fields, rename={f"f{index}": name for index, name in enumerate(select)}, gc=False)


def _page(row: type[msgspec.Struct]) -> type[Any]:
    fields: list[Any] = [("value", list[row]), ("total", int | None, None), ("next", str, "")]  # pyright: ignore[reportInvalidTypeForm]  # made above
    return msgspec.defstruct("Rows", fields, rename={"total": "@odata.count", "next": "@odata.nextLink"}, gc=False)
