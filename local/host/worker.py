"""Microsoft's worker library for Python, driven as the host's worker process drives it: init (which indexes), metadata, load, invocations.

Its registry is global to the module: one function app a process. One bad function fails the index as a whole.
"""

import json
import os
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import azure_functions_runtime as runtime
from azure.functions import AsgiFunctionApp

from local.host import protos
from local.host.protos import TypedData

_FUNCTION_IN_ERROR = re.compile(r"cannot load the (\S+) function|Function (\S+) does not have a unique")

type Binding = Mapping[str, Any]


class IndexingFailed(Exception):
    """The worker refused the app. `function` is the one in error where the worker names it, else empty."""

    def __init__(self, message: str, stack_trace: str) -> None:
        super().__init__(message)
        self.stack_trace = stack_trace
        named = _FUNCTION_IN_ERROR.search(message)
        self.function = next(filter(None, named.groups()), "") if named else ""


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    id: str
    bindings: tuple[Binding, ...]
    """As the worker gives them: function.json's objects, with names such as queueName."""
    has_retry_policy: bool = False

    @property
    def triggers(self) -> tuple[Binding, ...]:
        return tuple(binding for binding in self.bindings if str(binding["type"]).lower().endswith("trigger"))

    @property
    def trigger(self) -> Binding:
        return self.triggers[0]

    @property
    def kind(self) -> str:
        """The trigger's type in lower case: httptrigger, queuetrigger, timertrigger."""
        return str(self.trigger["type"]).lower()


@dataclass(frozen=True, slots=True)
class Event:
    """What sets a function off."""

    value: TypedData
    """Of the trigger's own parameter."""
    metadata: Mapping[str, TypedData] = field(default_factory=dict[str, TypedData])
    trace_parent: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    succeeded: bool
    returned: TypedData | None = None
    error: str = ""
    stack_trace: str = ""


async def index(root: Path) -> tuple[Function, ...]:
    """Imports function_app.py in `root` and returns its functions by name whatever the case, the order in which the host knows them.

    Makes `root` the working directory and the first place for imports. Raises IndexingFailed.
    """
    sys.path.insert(0, str(root))
    os.chdir(root)
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(root))
    response = cast("protos.WorkerInitResponse", await runtime.worker_init_request(_request(worker_init_request=init)))
    if response.result.status != protos.StatusResult.Success:
        error = response.result.exception or protos.RpcException()
        raise IndexingFailed(error.message, error.stack_trace)
    listing = cast("protos.FunctionMetadataResponse", await runtime.functions_metadata_request(_request()))
    found = listing.function_metadata_results or []
    for metadata in found:
        await runtime.function_load_request(_request(function_load_request=SimpleNamespace(function_id=metadata.function_id)))
    return tuple(sorted((_function(metadata) for metadata in found), key=lambda function: function.name.lower()))


def _request(**message: object) -> SimpleNamespace:
    return SimpleNamespace(properties={"protos": protos, "host": "127.0.0.1"}, request=SimpleNamespace(**message))


def _function(metadata: protos.RpcFunctionMetadata) -> Function:
    bindings = tuple(cast("Binding", json.loads(text)) for text in metadata.raw_bindings)
    return Function(metadata.name, metadata.function_id, bindings, metadata.retry_options is not None)


async def invoke(function: Function, event: Event) -> Outcome:
    """Runs a function once: an async one on this event loop, another in the worker's thread pool."""
    request = SimpleNamespace(
        invocation_id=str(uuid.uuid4()),
        function_id=function.id,
        input_data=[protos.ParameterBinding(str(function.trigger["name"]), event.value)],
        trigger_metadata=dict(event.metadata),
        trace_context=SimpleNamespace(trace_parent=event.trace_parent, trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    response = cast("protos.InvocationResponse", await runtime.invocation_request(_request(invocation_request=request)))
    if response.result.status == protos.StatusResult.Success:
        return Outcome(succeeded=True, returned=response.return_value)
    error = response.result.exception or protos.RpcException()
    return Outcome(succeeded=False, error=error.message, stack_trace=error.stack_trace)


async def shut_down() -> None:
    """Ends the lifespan of the app's ASGI application, if it has begun, so that it closes what it opened.

    The library itself does so when the object is collected, on another event loop, where it cannot work.
    """
    module = sys.modules.get("function_app")
    for app in list(vars(module).values()) if module else ():
        if isinstance(app, AsgiFunctionApp) and app.startup_task_done:
            app.startup_task_done = False
            await app.middleware.notify_shutdown()
