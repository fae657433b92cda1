"""Which of Microsoft's clouds a tenant lives in. GCC tenants live in the global one and work; GCC High and DoD are refused (B-005, D-31).

Source: learn.microsoft.com, "National clouds"; the OpenID configuration's `tenant_region_sub_scope`.
"""

import ssl
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from sync_core import tally
from sync_core.entra.errors import from_entra, translate
from sync_core.errors import Rejected, Transient
from sync_core.settings import Settings

REFUSED = "GCC High and DoD tenants are not supported: only Microsoft's commercial cloud and GCC, which is part of it, are."
SOVEREIGN = frozenset({"DOD", "DODCON"})


class _Discovery(msgspec.Struct):
    sub_scope: str | None = msgspec.field(name="tenant_region_sub_scope", default=None)


class Cloud:
    """The cloud of one tenant, as its OpenID configuration tells without a token."""

    def __init__(self, settings: Settings, tenant_id: str) -> None:
        self._authority = settings.authority_url.rstrip("/")
        self._ca = settings.entra_authority_ca
        self._graph = settings.graph_base_url
        self._tenant_id = tenant_id
        self._checked = bool(settings.graph_static_token.get_secret_value())  # then there is no Entra to ask

    async def check(self) -> None:
        """Raises Rejected for GCC High and DoD; Transient, Reauthorize or Misconfigured as Entra answers. Asks once."""
        if any((urlsplit(url).hostname or "").endswith(".us") for url in (self._authority, self._graph)):
            raise Rejected(REFUSED)
        if self._checked:
            return
        if ((await self._discovery()).sub_scope or "").upper() in SOVEREIGN:
            raise Rejected(REFUSED)
        self._checked = True

    async def _discovery(self) -> _Discovery:
        url = f"{self._authority}/{quote(self._tenant_id, safe='')}/v2.0/.well-known/openid-configuration"
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=self._ca) if self._ca else True
        try:
            async with httpx.AsyncClient(verify=verify, timeout=30) as http:
                tally.count(tally.GRAPH)
                answer = await http.get(url)
        except httpx.HTTPError as failure:
            raise translate(failure) from failure
        if not answer.is_success:
            raise from_entra(answer.status_code, answer.content, answer.headers)
        try:
            return msgspec.json.decode(answer.content, type=_Discovery)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            raise Transient(f"{url} is no OpenID configuration: {broken}", retry_after=10.0) from broken
