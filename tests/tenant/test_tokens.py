"""How long an access token lasts."""

from datetime import UTC, datetime, timedelta

from local.tenant.tokens import LIFETIME, Tokens
from sync_core.clock import MovableClock


def test_an_issued_token_expires_and_the_fixed_one_does_not():
    clock = MovableClock(datetime(2026, 11, 23, tzinfo=UTC))
    tokens = Tokens("tenant", clock)
    issued = tokens.issue("client", "https://graph.microsoft.com")
    clock.at += LIFETIME - timedelta(seconds=1)
    assert tokens.accepts(issued)
    clock.at += timedelta(seconds=1)
    assert not tokens.accepts(issued)
    assert tokens.accepts(tokens.static)
