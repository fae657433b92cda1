"""Why one user is here as it is, or is not here: what was found, and what the plan decides over it (D-13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from sync_core.directory.attributes import Mapping as AttributeMapping
from sync_core.directory.attributes import apply_mapping
from sync_core.entra.port import SourceGroup, SourceUser
from sync_core.planning.outcomes import Outcome


class Through(msgspec.Struct, frozen=True, kw_only=True):
    """A selected group that the user is a member of."""

    object_id: str
    group_id: str
    name: str
    path: tuple[str, ...]
    """Names of the groups on the way, from the one that the user itself is in to this one; none where the way was not looked for so far."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What one field here is made from."""

    field: str
    source: str
    value: str
    """As Entra has it."""
    becomes: str
    """As it would stand here."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    user: str
    """As it was asked for."""
    connected: bool
    """Whether Entra answered at all; `problem` says why not."""
    problem: str = ""
    in_entra: bool = False
    enabled: bool = False
    groups: tuple[Through, ...] = ()
    values: tuple[Value, ...] = ()
    outcome: Outcome | None = None
    """What an individual sync of the user would come to now, in words; None where Entra did not answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A group, and the groups that it is in itself."""

    group: SourceGroup
    parents: tuple[str, ...]


def values_of(mapping: AttributeMapping, user: SourceUser) -> tuple[Value, ...]:
    raw = dict(zip(mapping.sources, user.values, strict=True))
    mapped = apply_mapping(mapping, user.values)
    rows = [("username", mapping.username, mapped.username), ("realname", mapping.realname, mapped.realname)]
    rows += [("email", mapping.email, mapped.email), ("notes", mapping.notes, mapped.notes or "")]
    rows += [(f"alias{position}", mapping.aliases[position], mapped.aliases[position]) for position in sorted(mapping.aliases)]
    return tuple(Value(field=field, source=source, value=raw[source], becomes=becomes) for field, source, becomes in rows if source)


def paths(direct: Iterable[str], steps: Mapping[str, Step], wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By wanted group: the names on the shortest way to it, from a group that the user is in itself. What no step leads to is left out.

    All by object id; `direct` are the groups that the user is in without nesting.
    """
    reached: dict[str, tuple[str, ...]] = {group: (steps[group].group.name,) for group in direct if group in steps}
    ahead = list(reached)
    while ahead:
        following: list[str] = []
        for group in ahead:
            for parent in steps[group].parents:
                if parent in steps and parent not in reached:
                    reached[parent] = (*reached[group], steps[parent].group.name)
                    following.append(parent)
        ahead = following
    return {group: reached[group] for group in wanted if group in reached}
