"""The way to an administrator's consent: begun by a caller of the API, opened in one browser, answered by Entra once (B-022, B-026).

What the browser shows, the ticket of its address, its cookie and Entra's `state`, stands here as digests only, so that nobody who reads
the tables can answer for it.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sync_core.errors import Rejected

TICKET_LIFE = timedelta(hours=1)
"""How long the address that begins it can be opened: it may have to be handed to the administrator."""
STATE_LIFE = timedelta(minutes=15)
"""How long Entra's question may stand open."""


class Stage(StrEnum):
    WAITING = "waiting"
    """Nobody has opened it."""
    ASKED = "asked"
    """One browser was sent to Entra."""
    ANSWERED = "answered"
    """Entra named a tenant, which has not been proved yet."""
    CONNECTED = "connected"
    REFUSED = "refused"


OVER = frozenset({Stage.CONNECTED, Stage.REFUSED})


class Authorization(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    authorization_id: str
    by: str
    """Who began it."""
    connection_id: str
    """The connection that it makes, or authorizes again."""
    begun_at: datetime
    ticket: bytes
    """Digest of the secret part of the address that opens it."""
    name: str = ""
    """Of a new connection; "" for the organization's."""
    tenant_id: str = ""
    """Once Entra has answered: the tenant that it named."""
    renews: bool = False
    """Whether the connection is there already."""
    may_move: bool = False
    """Whether another tenant than the connection's may answer (D-08)."""
    stage: Stage = Stage.WAITING
    asked_at: datetime | None = None
    browser: bytes = b""
    """Digest of the cookie of the browser that opened it."""
    state: bytes = b""
    """Digest of the state that Entra was given."""
    refusal: str = ""

    def expires_at(self) -> datetime:
        return self.begun_at + TICKET_LIFE if self.asked_at is None else self.asked_at + STATE_LIFE


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def is_secret(secret: str, kept: bytes) -> bool:
    """In constant time; never for a digest that is not set."""
    return bool(kept) and hmac.compare_digest(digest(secret), kept)


def check_opening(found: Authorization, ticket: str, browser: str, now: datetime) -> None:
    """Raises Rejected unless this address, in this browser, may send to Entra now. The same browser may once more: it went back."""
    if not is_secret(ticket, found.ticket):
        raise Rejected("this address is not one of ours: copy it whole")
    if found.stage not in (Stage.WAITING, Stage.ASKED):
        raise Rejected("this address was used already: begin anew")
    if found.stage is Stage.ASKED and not is_secret(browser, found.browser):
        raise Rejected("this address was opened in another browser: go on there, or begin anew")
    if now >= found.begun_at + TICKET_LIFE:
        raise Rejected("this address has expired: begin anew")


def check_answer(found: Authorization, state: str, browser: str, now: datetime) -> None:
    """Raises Rejected unless this browser was asked, with this state, a short while ago, and has not answered yet."""
    if not is_secret(state, found.state):
        raise Rejected("this is not an answer to the last question of ours: begin anew")
    if not is_secret(browser, found.browser):
        raise Rejected("this answer comes from another browser than was asked: begin anew in this one")
    if found.stage is not Stage.ASKED:
        raise Rejected("this question was answered already: begin anew")
    if found.asked_at is None or now >= found.asked_at + STATE_LIFE:
        raise Rejected("this answer comes too late: begin anew")


def check_browser(found: Authorization, browser: str) -> None:
    """Raises Rejected in another browser than the one that was asked."""
    if not is_secret(browser, found.browser):
        raise Rejected("this was begun in another browser: go on there")
