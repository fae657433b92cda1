"""The composition root: settings → services → triggers. Nothing else."""

import logging
from functools import cache

import azure.functions as func

from sync_core.services import Services, open_services
from sync_core.settings import Settings
from triggers import queues, timers
from triggers.http import function


@cache
def services() -> Services:
    return open_services(Settings())  # pyright: ignore[reportCallIssue], its fields come from the environment


for chatty in ("azure", "httpx"):  # they log every request
    logging.getLogger(chatty).setLevel(logging.WARNING)

app = func.FunctionApp()
app.register_functions(function.blueprint(services))
app.register_functions(queues.blueprint(services))
app.register_functions(timers.blueprint(services))
