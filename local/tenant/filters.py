"""`$filter` and `$search`, as far as a directory sync asks for them.

Comparisons ignore case, as Graph's do. Some properties can be filtered only by an advanced query (ConsistencyLevel: eventual and
$count=true); some by none. Source: learn.microsoft.com, "Advanced query capabilities on Microsoft Entra ID objects".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from local.tenant.errors import GraphError, bad_request, unsupported
from local.tenant.properties import Kind, known

type Matches = Callable[[Mapping[str, Any]], bool]

_PLAIN = frozenset({
    "accountEnabled", "city", "companyName", "country", "createdDateTime", "department", "displayName", "employeeId", "givenName", "id",
    "jobTitle", "mail", "mailNickname", "onPremisesImmutableId", "onPremisesSyncEnabled", "otherMails", "proxyAddresses", "surname",
    "usageLocation", "userPrincipalName", "userType", "mailEnabled", "securityEnabled", "groupTypes",
})  # fmt: skip
_NEVER = frozenset({"businessPhones", "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesUserPrincipalName"})
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([\w/]+)|([(),:]))")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[^\W\d_][^\W\d_A-Z]*|\d+")


def parse_filter(text: str, kind: Kind, *, advanced: bool) -> Matches:
    """`and`, `or`, parentheses, eq, in, startswith and any(). Raises GraphError for anything else and for what may not be filtered."""
    return _Filter(text, kind, advanced=advanced).parse()


def parse_search(text: str) -> Matches:
    """One clause `"displayName:words"` or `"description:words"`: each word begins a word of the value. Raises GraphError."""
    clause = re.fullmatch(r'"(displayName|description):((?:[^"\\]|\\["\\])*)"', text.strip())
    if clause is None:
        raise bad_request(f"Syntax error in $search query: '{text}'.")
    name, wanted = clause[1], _words(re.sub(r"\\(.)", r"\1", clause[2]))

    def matches(resource: Mapping[str, Any]) -> bool:
        has = _words(resource.get(name) or "")
        return all(any(word.startswith(want) for word in has) for want in wanted)

    return matches


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


class _Filter:
    def __init__(self, text: str, kind: Kind, *, advanced: bool) -> None:
        self._kind = kind
        self._advanced = advanced
        self._text = text
        self._tokens: list[str] = []
        position = 0
        while text[position:].strip():
            if (found := _TOKEN.match(text, position)) is None:
                raise self._syntax()
            self._tokens.append(found[0].strip())
            position = found.end()

    def parse(self) -> Matches:
        matches = self._either()
        if self._tokens:
            raise self._syntax()
        return matches

    def _either(self) -> Matches:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda resource: any(part(resource) for part in parts)

    def _both(self) -> Matches:
        parts = [self._one()]
        while self._accept("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda resource: all(part(resource) for part in parts)

    def _one(self) -> Matches:
        if self._accept("("):
            inner = self._either()
            self._expect(")")
            return inner
        if self._accept("startswith"):
            self._expect("(")
            values = self._property(self._take())
            self._expect(",")
            prefix = self._literal()
            self._expect(")")
            return lambda resource: any(value.startswith(prefix) for value in values(resource))
        return self._comparison(self._take())

    def _comparison(self, path: str) -> Matches:
        if path.endswith("/any"):
            return self._any(path.removesuffix("/any"))
        values = self._property(path)
        if self._accept("eq"):
            wanted = frozenset({self._literal()})
        else:
            self._expect("in")
            self._expect("(")
            wanted = self._literals()
        return lambda resource: any(value in wanted for value in values(resource))

    def _any(self, name: str) -> Matches:
        """`name/any(x:x eq 'value')`, for properties that are lists."""
        values = self._property(name)
        self._expect("(")
        variable = self._take()
        self._expect(":")
        self._expect(variable)
        self._expect("eq")
        wanted = self._literal()
        self._expect(")")
        return lambda resource: wanted in values(resource)

    def _property(self, path: str) -> Callable[[Mapping[str, Any]], list[str]]:
        """The values that a path has in a resource, folded; a path is a property or one attribute in an object property."""
        name, _, inside = path.partition("/")
        if not known(self._kind, name):
            raise bad_request(
                f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{self._kind.name}'."
            )
        plain = name in _PLAIN or name.startswith("extension_")
        if name in _NEVER or not (plain or self._advanced):
            what = f"property '{name}' of resource '{self._kind.name.title()}'"
            raise unsupported(f"Unsupported or invalid query filter clause specified for {what}.")

        def values(resource: Mapping[str, Any]) -> list[str]:
            value = resource.get(name)
            return _folded(value.get(inside) if inside and value else value)

        return values

    def _literals(self) -> frozenset[str]:
        literals = {self._literal()}
        while self._accept(","):
            literals.add(self._literal())
        self._expect(")")
        return frozenset(literals)

    def _literal(self) -> str:
        token = self._take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'").casefold()
        if token in {"true", "false"}:
            return token
        raise self._syntax()

    def _take(self) -> str:
        if not self._tokens:
            raise self._syntax()
        return self._tokens.pop(0)

    def _accept(self, token: str) -> bool:
        if self._tokens and self._tokens[0].lower() == token.lower():
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._syntax()

    def _syntax(self) -> GraphError:
        return bad_request(f"Invalid filter clause: Syntax error in '{self._text}'.")


def _folded(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [str(value).lower()]
    return [str(one).casefold() for one in value] if isinstance(value, list) else [str(value).casefold()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  Graph's JSON
