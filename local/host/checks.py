"""What the host refuses although the worker accepts it: each rule returns the reason, or raises ValueError with it.

A function in error is left out; the rest of the app runs. Sources: ScriptHost.cs (routes), TimerSchedule.cs, the queue extension's
listener factory; Microsoft's "Naming queues and metadata".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from local.host.routes import parse_template
from local.host.schedules import parse_schedule
from local.host.settings import connection_string, resolve
from local.host.worker import Binding, Function

RESERVED = ("admin", "runtime")
_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE | re.ASCII)
_QUEUE_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
_SERVED_OUTPUT = "http"


@dataclass(frozen=True, slots=True)
class Refusal:
    function: str
    reason: str


def refusals(functions: Sequence[Function], environment: Mapping[str, str]) -> tuple[Refusal, ...]:
    """The functions in error, in the given order, the first reason of each."""
    found: list[Refusal] = []
    accepted: list[Function] = []
    for function in functions:
        reason = next(_reasons(function, accepted, environment), None)
        if reason is None:
            accepted.append(function)
        else:
            found.append(Refusal(function.name, reason))
    return tuple(found)


def route_of(function: Function) -> str:
    """The route without slashes around; the function's name where none is given."""
    route = str(function.trigger.get("route") or "")
    return (route if route.strip() else function.name).strip("/")


def methods_of(function: Function) -> frozenset[str]:
    """In capitals; none: every method."""
    return frozenset(str(method).upper() for method in function.trigger.get("methods") or ())


def queue_of(function: Function, environment: Mapping[str, str]) -> str:
    return resolve(str(function.trigger["queueName"]), environment).lower()


def _reasons(function: Function, accepted: Sequence[Function], environment: Mapping[str, str]) -> Iterator[str]:
    if not _FUNCTION_NAME.fullmatch(function.name) or function.name.lower() == "host":
        yield f"{function.name!r} is not a valid function name."
    if any(other.name.lower() == function.name.lower() for other in accepted):
        yield "The function name must be unique within the function app, whatever its case."
    if len(function.triggers) != 1:
        yield "A function must have exactly one trigger."
        return
    if function.has_retry_policy:
        yield "The local host does not serve retry policies."
    yield from (f"The local host does not serve the output binding '{kind}'." for kind in _unserved_outputs(function))
    try:
        yield from _trigger_reasons(function, accepted, environment)
    except ValueError as error:
        yield str(error)


def _unserved_outputs(function: Function) -> Iterator[str]:
    trigger = function.trigger
    return (
        str(binding["type"]) for binding in function.bindings if binding is not trigger and str(binding["type"]).lower() != _SERVED_OUTPUT
    )


def _trigger_reasons(function: Function, accepted: Sequence[Function], environment: Mapping[str, str]) -> Iterator[str]:
    match function.kind:
        case "httptrigger":
            yield from _route_reasons(function, accepted)
        case "queuetrigger":
            yield from _queue_reasons(function.trigger, queue_of(function, environment), environment)
        case "timertrigger":
            parse_schedule(resolve(str(function.trigger["schedule"]), environment))
        case _:
            yield f"The local host does not serve the trigger '{function.trigger['type']}'."


def _route_reasons(function: Function, accepted: Sequence[Function]) -> Iterator[str]:
    route = route_of(function).lower()
    # A prefix of the text and not of its first segment: "administrators" is refused too.
    if route.startswith(RESERVED):
        yield "The specified route conflicts with one or more built in routes."
    parse_template(route_of(function))
    methods = methods_of(function)
    for other in accepted:
        if other.kind == "httptrigger" and route_of(other).lower() == route:
            theirs = methods_of(other)
            if not methods or not theirs or methods & theirs:
                yield f"The route specified conflicts with the route defined by function '{other.name}'."


def _queue_reasons(trigger: Binding, queue: str, environment: Mapping[str, str]) -> Iterator[str]:
    if not _QUEUE_NAME.fullmatch(queue):
        yield f"{queue!r} is not a valid queue name."
    connection_string(str(trigger.get("connection") or ""), environment)
