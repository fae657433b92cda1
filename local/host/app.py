"""A function app as this host serves it: what was indexed, what was refused, and the listeners over the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from azure.storage.queue.aio import QueueServiceClient

from local.host import checks
from local.host.checks import Refusal
from local.host.http import HttpListener
from local.host.invocations import Invocations
from local.host.messages import MessageRunner
from local.host.options import HostOptions
from local.host.queues import POISON, QueueListener, poison_queue, queue_service
from local.host.routes import Route, parse_template
from local.host.schedules import parse_schedule
from local.host.settings import connection_string, is_disabled, resolve
from local.host.timers import TimerListener
from local.host.worker import Function, index


@dataclass(frozen=True, slots=True)
class FunctionApp:
    functions: tuple[Function, ...]
    """In the host's order, without those in error."""
    refused: tuple[Refusal, ...]


async def load_app(root: Path, environment: Mapping[str, str]) -> FunctionApp:
    """Indexes the app in `root`. Raises worker.IndexingFailed when the worker refuses it as a whole."""
    functions = await index(root)
    refused = checks.refusals(functions, environment)
    in_error = {refusal.function for refusal in refused}
    return FunctionApp(tuple(function for function in functions if function.name not in in_error), refused)


class Listeners:
    """All triggers of an app. To be made, and closed, on the event loop that runs them."""

    def __init__(self, app: FunctionApp, options: HostOptions, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment
        self._services: dict[str, QueueServiceClient] = {}
        self.invocations = Invocations(options.function_timeout)
        enabled = [function for function in app.functions if not is_disabled(function.name, environment)]
        self.http = HttpListener([self._route(function) for function in enabled if function.kind == "httptrigger"], self.invocations)
        self.queues = [self._queue_listener(function) for function in enabled if function.kind == "queuetrigger"]
        self.timers = [self._timer_listener(function) for function in enabled if function.kind == "timertrigger"]
        self.invocations.tell(self._invocation_ended)

    async def close(self) -> None:
        for service in self._services.values():
            await service.close()

    def _route(self, function: Function) -> Route[Function]:
        prefix = self._options.extensions.http.route_prefix.strip("/")
        template = "/".join(filter(None, (prefix, checks.route_of(function))))
        return Route(parse_template(template), checks.methods_of(function), function)

    def _queue_listener(self, function: Function) -> QueueListener:
        options = self._options.extensions.queues
        service = self._service(connection_string(str(function.trigger.get("connection") or ""), self._environment))
        name = checks.queue_of(function, self._environment)
        poison = poison_queue(name)
        queue = service.get_queue_client(name)
        runner = MessageRunner(
            function, queue, service.get_queue_client(poison) if poison else None, options, self.invocations, self._message_poisoned
        )
        return QueueListener(function, queue, runner, options)

    def _service(self, connection: str) -> QueueServiceClient:
        if connection not in self._services:
            self._services[connection] = queue_service(connection)
        return self._services[connection]

    def _timer_listener(self, function: Function) -> TimerListener:
        schedule = parse_schedule(resolve(str(function.trigger["schedule"]), self._environment))
        return TimerListener(function, schedule, self.invocations)

    def _invocation_ended(self, function: Function, idle: bool) -> None:
        self._hint(lambda queue: not queue.queue_name.endswith(POISON), strong=lambda queue: idle or queue.function is function)

    def _message_poisoned(self, name: str) -> None:
        self._hint(lambda queue: queue.queue_name == name, strong=lambda _: True)

    def _hint(self, concerned: Callable[[QueueListener], bool], *, strong: Callable[[QueueListener], bool]) -> None:
        for queue in self.queues:
            if concerned(queue):
                queue.hint(strong=strong(queue))
