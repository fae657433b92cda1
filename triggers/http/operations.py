"""How operations declare the problems that they may answer: by reference to the kinds of problems.py."""

from typing import Any

from triggers.http.problems import BUSY, FAULT, FORBIDDEN, REJECTED, UNAUTHENTICATED, Kind

OTHER = "Problem"
"""What an operation may answer besides: declared so that the framework declares none of its own."""

type Responses = dict[int | str, dict[str, Any]]


def answers(*problems: Kind) -> Responses:
    """The problems of an operation: these, and those that every signed one has."""
    kinds = (REJECTED, UNAUTHENTICATED, FORBIDDEN, *problems, FAULT, BUSY)
    return unsigned_answers(*kinds)


def unsigned_answers(*problems: Kind) -> Responses:
    declared: Responses = {kind.status: {"$ref": f"#/components/responses/{kind.name}"} for kind in problems}
    return declared | {"default": {"$ref": f"#/components/responses/{OTHER}"}}
