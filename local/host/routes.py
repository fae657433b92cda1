"""ASP.NET route templates and the table that requests are matched against.

The host tries the routes in the order of its functions, which is by name whatever the case, and the first that matches wins, however
general: a template that is more specific has no precedence. Without a route of the right method the answer is 404, never 405.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

INT_RANGE, LONG_RANGE = 2**31, 2**63
_PARAMETER = re.compile(r"(?P<star>\*{0,2})(?P<name>[^:=?*{}/]+)(?P<rest>(?::.*?)?)(?:=(?P<default>[^?]*))?(?P<optional>\?)?", re.DOTALL)
_GUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)

type Test = Callable[[str], bool]


def _whole(text: str, limit: int) -> bool:
    return bool(_WHOLE.fullmatch(text)) and -limit <= int(text) < limit


def _numbers(argument: str, count: int) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in argument.split(","))
    if len(numbers) != count:
        raise ValueError(f"{argument!r} are not {count} numbers")
    return numbers


def _length(argument: str) -> Test:
    low, high = _numbers(argument, 2) if "," in argument else _numbers(argument, 1) * 2
    return lambda text: low <= len(text) <= high


def _range(argument: str) -> Test:
    low, high = _numbers(argument, 2)
    return lambda text: _whole(text, LONG_RANGE) and low <= int(text) <= high


def _regex(argument: str) -> Test:
    pattern = re.compile(argument.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
    return lambda text: bool(pattern.search(text))


CONSTRAINTS: Mapping[str, Callable[[str], Test]] = {
    "int": lambda _: lambda text: _whole(text, INT_RANGE),
    "long": lambda _: lambda text: _whole(text, LONG_RANGE),
    "bool": lambda _: lambda text: text.lower() in {"true", "false"},
    "guid": lambda _: lambda text: bool(_GUID.fullmatch(text)),
    "alpha": lambda _: lambda text: bool(re.fullmatch("[a-z]*", text, re.IGNORECASE | re.ASCII)),
    "length": _length,
    "minlength": lambda argument: _length(f"{int(argument)},{INT_RANGE}"),
    "maxlength": lambda argument: _length(f"0,{int(argument)}"),
    "min": lambda argument: _range(f"{int(argument)},{LONG_RANGE}"),
    "max": lambda argument: _range(f"{-LONG_RANGE},{int(argument)}"),
    "range": _range,
    "regex": _regex,
}


@dataclass(frozen=True, slots=True)
class Template:
    pattern: re.Pattern[str]
    tests: Mapping[str, Sequence[Test]]
    defaults: Mapping[str, str]

    def match(self, path: str) -> dict[str, str] | None:
        """The route parameters that `path` gives, None when it does not match. `path` is decoded, with or without slashes around."""
        match = self.pattern.fullmatch(path.strip("/"))
        if match is None:
            return None
        given = {name: value for name, value in match.groupdict().items() if value}
        values = {**self.defaults, **given}
        fits = all(test(given[name]) for name in given for test in self.tests.get(name, ()))
        return values if fits else None


def parse_template(text: str) -> Template:
    """Raises ValueError for braces that do not pair, a name used twice or a constraint that this host does not know."""
    tests: dict[str, Sequence[Test]] = {}
    defaults: dict[str, str] = {}
    pattern = ""
    for index, segment in enumerate(_segments(text.strip("/"))):
        slash = "/" if index else ""
        body, optional = _segment(segment, tests, defaults)
        pattern += f"(?:{slash}{body})?" if optional else f"{slash}{body}"
    return Template(re.compile(pattern, re.IGNORECASE | re.DOTALL), tests, defaults)


def _segment(segment: str, tests: dict[str, Sequence[Test]], defaults: dict[str, str]) -> tuple[str, bool]:
    """The pattern of one segment, and whether it may be absent."""
    pattern, optional = "", False
    for piece in _pieces(segment):
        if not piece.startswith("{"):
            pattern += re.escape(piece)
            continue
        parameter = _PARAMETER.fullmatch(piece[1:-1])
        if parameter is None or not parameter["name"].isidentifier() or parameter["name"] in tests:
            raise ValueError(f"{piece} is not a route parameter, or its name is used twice")
        name = parameter["name"]
        tests[name] = [_constraint(text) for text in _constraints(parameter["rest"])]
        if parameter["default"]:
            defaults[name] = parameter["default"]
        optional |= bool(parameter["star"] or parameter["optional"] or parameter["default"])
        pattern += f"(?P<{name}>{'.*' if parameter['star'] else '[^/]+'})"
    return pattern, optional


def _constraint(text: str) -> Test:
    name, _, argument = text.partition("(")
    try:
        return CONSTRAINTS[name.lower()](argument.removesuffix(")"))
    except KeyError:
        raise ValueError(f"{name!r} is not a route constraint that this host knows") from None


def _segments(text: str) -> Iterator[str]:
    return _split(text, "/")


def _constraints(text: str) -> Iterator[str]:
    return (part for part in _split(text, ":", opening="(", closing=")") if part)


def _split(text: str, separator: str, opening: str = "{", closing: str = "}") -> Iterator[str]:
    """Splits outside of brackets. Raises ValueError when these do not pair."""
    depth, part = 0, ""
    for character in text:
        depth += (character == opening) - (character == closing)
        if depth < 0:
            break
        if character == separator and depth == 0:
            yield part
            part = ""
        else:
            part += character
    if depth:
        raise ValueError(f"{text!r} has an unmatched {opening if depth > 0 else closing}")
    yield part


def _pieces(segment: str) -> Iterator[str]:
    """Literal text and `{parameter}` in turn."""
    depth, piece = 0, ""
    for character in segment:
        if character == "{" and depth == 0 and piece:
            yield piece
            piece = ""
        depth += (character == "{") - (character == "}")
        piece += character
        if character == "}" and depth == 0:
            yield piece
            piece = ""
    if piece:
        yield piece


@dataclass(frozen=True, slots=True)
class Route[Target]:
    template: Template
    methods: frozenset[str]
    """In capitals; none: every method."""
    target: Target


def first_match[Target](routes: Sequence[Route[Target]], method: str, path: str) -> tuple[Target, dict[str, str]] | None:
    for route in routes:
        if not route.methods or method in route.methods:
            values = route.template.match(path)
            if values is not None:
                return route.target, values
    return None
