"""host.json, with the real host's defaults and limits. Source: learn.microsoft.com, "host.json reference for Azure Functions 2.x and
later".
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.host.timespans import parse_timespan


def _span(value: object) -> object:
    return parse_timespan(value) if isinstance(value, str) else value


def _timeout(value: object) -> object:
    return None if value == "-1" else _span(value)


Span = Annotated[timedelta, BeforeValidator(_span)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")


class HttpOptions(_Part):
    route_prefix: str = "api"


def _default_threshold(data: dict[str, Any]) -> int:
    return data["batch_size"] // 2 * (os.cpu_count() or 1)


class QueueOptions(_Part):
    batch_size: Annotated[int, Field(ge=1, le=32)] = 16
    new_batch_threshold: Annotated[int, Field(ge=0, default_factory=_default_threshold)]
    """So many invocations at most may still run when the next batch is fetched."""
    max_dequeue_count: Annotated[int, Field(ge=1)] = 5
    visibility_timeout: Span = timedelta(0)
    """How long a message stays away after an attempt that failed."""
    max_polling_interval: Annotated[Span, Field(ge=timedelta(milliseconds=100))] = timedelta(minutes=1)
    message_encoding: Literal["base64", "none"] = "base64"


class Extensions(_Part):
    http: HttpOptions = HttpOptions()
    queues: QueueOptions = Field(default_factory=lambda: QueueOptions.model_validate({}))


class HostOptions(_Part):
    version: Literal["2.0"]
    function_timeout: Annotated[Annotated[timedelta, Field(ge=timedelta(seconds=1))] | None, BeforeValidator(_timeout)] = timedelta(
        minutes=30
    )
    """None: unlimited."""
    extensions: Extensions = Extensions()


def load_options(root: Path) -> HostOptions:
    """Reads host.json in `root`. Raises OSError or pydantic.ValidationError, which names what is wrong."""
    return HostOptions.model_validate_json((root / "host.json").read_bytes())
