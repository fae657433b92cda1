"""App settings: the environment, and below it the Values of local.settings.json, as Functions Core Tools reads them."""

import json
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from pydantic import BaseModel, Field

_REFERENCE = re.compile(r"%([^%]+)%")


class LocalSettings(BaseModel):
    """local.settings.json."""

    values: dict[str, str | int | float | bool] = Field(default_factory=dict, alias="Values")


def load_local_settings(root: Path, environment: MutableMapping[str, str]) -> None:
    """Adds what `environment` does not have yet; nothing when there is no file. Raises pydantic.ValidationError."""
    file = root / "local.settings.json"
    if file.exists():
        for name, value in LocalSettings.model_validate_json(file.read_bytes()).values.items():
            environment.setdefault(name, value if isinstance(value, str) else json.dumps(value))


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `%NAME%` replaced by the app setting. Raises ValueError for one that is not set."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ValueError(f"%{match[1]}% does not resolve: there is no app setting {match[1]}")
        return environment[match[1]]

    return _REFERENCE.sub(value, text)


def connection_string(name: str, environment: Mapping[str, str]) -> str:
    """The storage connection that a binding names; `AzureWebJobs` may stand before it. Raises ValueError."""
    name = name or "Storage"
    found = environment.get(f"AzureWebJobs{name}") or environment.get(name)
    if found:
        return found
    if any(key.startswith((f"AzureWebJobs{name}__", f"{name}__")) for key in environment):
        raise ValueError(
            f"the connection {name} is one without a secret, which the local host does not serve: it needs a connection string"
        )
    raise ValueError(f"there is no app setting {name} with its storage connection")


def is_disabled(function: str, environment: Mapping[str, str]) -> bool:
    return environment.get(f"AzureWebJobs.{function}.Disabled", "").lower() in {"true", "1"}
