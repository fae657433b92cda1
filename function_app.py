"""The composition root: settings → services → triggers. Nothing else."""

import logging
from functools import cache

import azure.functions as func

from sync_core.services import Services, open_services
from sync_core.settings import Settings
from triggers import queues, timers
from triggers.http.app import create_app


@cache
def services() -> Services:
    return open_services(Settings())  # pyright: ignore[reportCallIssue], its fields come from the environment


for chatty in ("azure", "httpx"):  # they log every request
    logging.getLogger(chatty).setLevel(logging.WARNING)

app = func.AsgiFunctionApp(app=create_app(services), http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(queues.blueprint(services))
app.register_functions(timers.blueprint(services))
