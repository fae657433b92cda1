"""Access tokens: which ones this tenant accepts.

A token looks as Entra's do, a JWT with `tid`, `appid` and `roles`; nobody but this tenant can check it, and no caller should try.
"""

import base64
import secrets
from datetime import datetime, timedelta

import msgspec

from sync_core.clock import Clock, SystemClock

LIFETIME = timedelta(seconds=3599)
ROLES = ("User.Read.All", "GroupMember.Read.All", "Organization.Read.All")


class Tokens:
    """`static` is accepted until the end of the process."""

    def __init__(self, tenant_id: str, clock: Clock | None = None) -> None:
        self._tenant_id = tenant_id
        self._clock = clock or SystemClock()
        self._issued: dict[str, datetime] = {}
        self.static = f"static.{secrets.token_urlsafe(24)}"

    def issue(self, client_id: str, audience: str) -> str:
        now = self._clock.now()
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self._tenant_id}/",
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "appid": client_id,
            "idtyp": "app",
            "roles": ROLES,
            "tid": self._tenant_id,
        }
        token = f"{_part({'typ': 'JWT', 'alg': 'RS256', 'kid': 'simulated'})}.{_part(claims)}.{secrets.token_urlsafe(32)}"
        self._issued[token] = now + LIFETIME
        return token

    def accepts(self, token: str) -> bool:
        return token == self.static or ((until := self._issued.get(token)) is not None and self._clock.now() < until)

    def revoke_all(self) -> None:
        self._issued.clear()


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")
