"""What a caller of the Admin API says, from query, form or JSON: read generously, for clients spell the same value in many ways.

Signature v5 sends JSON types, of which several are texts all the same ("count": "3"); v2 sends texts only (admin-api.md §2).
"""

import json
from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import unquote

from sync_core.errors import Rejected
from sync_core.management.signatures import parameters as pairs_of

MAX_LIST = 100
"""Ids or names in one call."""
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off", ""})
SHOWN = 64


class MissingParameter(Rejected):
    """A parameter that the call needs is not there."""


class Parameters:
    def __init__(self, values: Mapping[str, list[object]]) -> None:
        self._values = values

    @classmethod
    def of(cls, query: str, body: bytes) -> "Parameters":
        """Of the query and of the body: JSON when it begins as an object does, else a form. Raises Rejected for what is neither."""
        values: dict[str, list[object]] = {}
        for name, value in pairs_of(query):
            values.setdefault(unquote(name), []).append(unquote(value))
        if body.lstrip().startswith(b"{"):
            values |= {name: _values(value) for name, value in _object(body).items()}
        else:
            for name, value in pairs_of(body.decode("latin-1")):
                values.setdefault(unquote(name), []).append(unquote(value))
        return cls(values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def names(self) -> Iterable[str]:
        return self._values.keys()

    def text(self, name: str) -> str | None:
        """None when it is not given; "" for null."""
        return _text(name, self._values[name][-1]) if self._values.get(name) else None

    def needed(self, name: str) -> str:
        """Raises MissingParameter when it is not given, or empty."""
        text = self.text(name)
        if not text:
            raise MissingParameter("it is missing", field=name)
        return text

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in _TRUE | _FALSE:
            raise Rejected(f"it is true or false, not {text[:SHOWN]!r}", field=name)
        return text.lower() in _TRUE

    def number(self, name: str, *, low: int, high: int) -> int | None:
        """Raises Rejected for what is none, or out of bounds."""
        text = self.text(name)
        if not text:
            return None
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdecimal() or len(digits) > 18 or not low <= int(text) <= high:
            raise Rejected(f"it is a whole number from {low} to {high}, not {text[:SHOWN]!r}", field=name)
        return int(text)

    def texts(self, name: str, most: int = MAX_LIST) -> list[str] | None:
        """A list: of JSON, as a text of JSON, or the parameter given several times."""
        given = self._values.get(name)
        if given is None:
            return None
        if len(given) == 1 and isinstance(given[0], str) and given[0].lstrip().startswith("["):
            given = _list(name, given[0])
        if len(given) > most:
            raise Rejected(f"at most {most} at once, not {len(given)}", field=name)
        return [_text(name, value) for value in given]

    def pairs(self, name: str) -> dict[str, str] | None:
        """Names and values: of a JSON object, as a text of one, or "a=1&b=2"."""
        given = self._values.get(name)
        if given is None:
            return None
        if len(given) == 1 and isinstance(given[0], dict):
            return {key: _text(name, value) for key, value in cast("dict[str, object]", given[0]).items()}
        text = "&".join(_text(name, value) for value in given)
        if text.lstrip().startswith("{"):
            return {key: _text(name, value) for key, value in _object(text.encode(), name).items()}
        if any("=" not in part for part in text.split("&") if part):
            raise Rejected('give pairs, such as "alias1=ann&alias2=a.lind"', field=name)
        return {unquote(key): unquote(value) for key, value in pairs_of(text)}

    def objects(self, name: str, most: int = MAX_LIST) -> "list[Parameters] | None":
        """A list of JSON objects, or a text of one."""
        given = self._values.get(name)
        if given is None:
            return None
        if len(given) == 1 and isinstance(given[0], str):
            given = _list(name, given[0])
        if len(given) > most:
            raise Rejected(f"at most {most} at once, not {len(given)}", field=name)
        found: list[Parameters] = []
        for one in given:
            if not isinstance(one, dict):
                raise Rejected("it is a list of objects", field=name)
            found.append(Parameters({name: _values(value) for name, value in cast("dict[str, object]", one).items()}))
        return found


def _values(value: object) -> list[object]:
    """A parameter of JSON as a list, as those of a query are."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _text(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise Rejected("it is one value, not a list or an object", field=name)


def _object(text: bytes, name: str = "") -> dict[str, object]:
    parsed = _json(text, name)
    if not isinstance(parsed, dict):
        raise Rejected("send a JSON object", field=name)
    return cast("dict[str, object]", parsed)


def _list(name: str, text: str) -> list[object]:
    parsed = _json(text, name)
    if not isinstance(parsed, list):
        raise Rejected("it is a list, as JSON", field=name)
    return cast("list[object]", parsed)


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _json(text: str | bytes, name: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Rejected(f"{name or 'the body'} is not JSON", field=name) from error
