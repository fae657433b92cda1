"""All settings, from app settings (environment variables) and nowhere else."""

import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sync_core.directory.lives import FAILURE_DAYS
from sync_core.directory.retention import LEAST_DAYS, MOST_DAYS
from sync_core.directory.schedules import MOST_MINUTES, PACES, SyncKind
from sync_core.directory.users import A_WEEK

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Application(BaseModel):
    """An application's way to prove itself, the first of these that is set: managed identity, certificate, secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    client_id: str = ""
    managed_identity_client_id: str = ""
    certificate_path: str = ""
    client_secret: SecretStr = SecretStr("")


class Settings(BaseSettings):
    """One deployment's settings. A name here is the app setting's name in lower case."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    azurewebjobsstorage: SecretStr = SecretStr("")
    """Connection string of the storage account. Empty: managed identity with the two addresses below."""
    azurewebjobsstorage__queueserviceuri: str = ""
    azurewebjobsstorage__tableserviceuri: str = ""
    azurewebjobsstorage__clientid: str = ""
    """Client id of the user-assigned managed identity; empty: the system-assigned one."""

    secret_key: SecretStr
    """32 bytes in base64: encrypts the secrets of integration keys at rest (AES-GCM)."""
    public_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names, without ports, that callers sign for behind a gateway, comma-separated; the request's own Host always counts."""
    public_url: str = ""
    """Where browsers reach this deployment; empty: what the platform says of itself."""
    website_hostname: str = ""
    """Set by the platform: the host name of the app."""
    signature_window: Annotated[int, Field(ge=70, le=900)] = 300
    """Seconds that a signed request's date may differ from now."""
    signature_sha1: bool = False
    """Whether signatures v2 by SHA-1 are accepted, for old scripts."""

    graph_base_url: str = "https://graph.microsoft.com/v1.0"
    authority_url: str = "https://login.microsoftonline.com"
    graph_static_token: SecretStr = SecretStr("")
    """A fixed bearer token, for a Graph on loopback only."""
    entra_client_id: str = ""
    """Client id of the multi-tenant app registration."""
    entra_client_secret: SecretStr = SecretStr("")
    entra_certificate_path: str = ""
    entra_managed_identity_client_id: str = ""
    """User-assigned identity that is a federated credential of the app registration: no secret at all."""
    entra_applications: Annotated[dict[str, Application], NoDecode] = {}
    """Applications of single tenants, by tenant id, instead of the one above: JSON, best as a reference to a secret in Key Vault."""
    entra_authority_ca: str = ""
    """A CA file to trust for `authority_url`, for tests."""

    max_plan_users: Annotated[int, Field(ge=1)] = 1_000_000
    """A run over more users is refused: the plan holds them in memory, about 1.5 KB each."""
    user_sync_minutes: Annotated[int, Field(ge=PACES[SyncKind.USER].least, le=MOST_MINUTES)] = PACES[SyncKind.USER].default
    """Minutes between scheduled runs of a user sync, until the sync's own settings say otherwise."""
    admin_sync_minutes: Annotated[int, Field(ge=PACES[SyncKind.ADMIN].least, le=MOST_MINUTES)] = PACES[SyncKind.ADMIN].default
    """The same of an admin sync."""
    trash_days: Annotated[int, Field(ge=LEAST_DAYS, le=MOST_DAYS)] = A_WEEK
    """Until the deployment's own settings say otherwise."""
    failure_days: Annotated[tuple[Annotated[int, Field(ge=1, le=365)], ...], NoDecode, Field(min_length=1, max_length=10)] = FAILURE_DAYS
    """Days of failing that are told of by mail, rising, comma-separated; with the last one a sync is paused."""

    @field_validator("public_hosts", "failure_days", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip().lower() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("entra_applications", mode="before")
    @classmethod
    def _decoded(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else {}
        except ValueError:
            raise ValueError("ENTRA_APPLICATIONS must be JSON: an object by tenant id") from None

    @field_validator("entra_applications")
    @classmethod
    def _by_tenant(cls, applications: dict[str, Application]) -> dict[str, Application]:
        return {tenant_id.lower(): application for tenant_id, application in applications.items()}

    def application(self, tenant_id: str) -> Application:
        """As which application this tenant is read."""
        return self.entra_applications.get(tenant_id.lower()) or Application(
            client_id=self.entra_client_id,
            managed_identity_client_id=self.entra_managed_identity_client_id,
            certificate_path=self.entra_certificate_path,
            client_secret=self.entra_client_secret,
        )

    @field_validator("failure_days")
    @classmethod
    def _rise(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise ValueError("FAILURE_DAYS must rise, such as 3,7,14,30")
        return days

    @model_validator(mode="after")
    def _hosts_are_safe(self) -> "Settings":
        for name, url in (("graph_base_url", self.graph_base_url), ("authority_url", self.authority_url)):
            parts = urlsplit(url)
            if not parts.hostname or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
                raise ValueError(f"{name.upper()} must be https; plain http is for loopback only")
        public = urlsplit(self.public_url)
        if self.public_url and (not public.hostname or public.path.strip("/")):
            raise ValueError("PUBLIC_URL must be an address without a path, such as https://sync.example.com")
        if self.public_url and public.scheme != "https" and public.hostname not in LOOPBACK:
            raise ValueError("PUBLIC_URL must be https; plain http is for loopback only")
        if self.graph_static_token.get_secret_value() and urlsplit(self.graph_base_url).hostname not in LOOPBACK:
            raise ValueError("GRAPH_STATIC_TOKEN is for a Graph on loopback only: set GRAPH_BASE_URL to one, or use a real credential")
        return self

    @property
    def reached_at(self) -> str:
        """The address for browsers, without a slash at the end; "" when nothing tells it."""
        if self.public_url or not self.website_hostname:
            return self.public_url.rstrip("/")
        scheme = "http" if self.website_hostname.partition(":")[0] in LOOPBACK else "https"
        return f"{scheme}://{self.website_hostname}"

    @property
    def browser_hosts(self) -> tuple[str, ...]:
        """The names, besides that of `reached_at`, under which requests of browsers may come."""
        own = self.website_hostname.partition(":")[0].lower()
        return tuple(dict.fromkeys((*((own,) if own else ()), *self.public_hosts)))

    @property
    def intervals(self) -> dict[SyncKind, int]:
        """What a new sync of each kind begins with."""
        return {SyncKind.USER: self.user_sync_minutes, SyncKind.ADMIN: self.admin_sync_minutes}
