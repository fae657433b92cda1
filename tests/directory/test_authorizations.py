"""Whose browser may open and answer an authorization, how often, and how long (B-022, B-026)."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from sync_core.directory.authorizations import OVER, Authorization, Stage, check_answer, check_browser, check_opening, digest, is_secret
from sync_core.errors import Rejected

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECOND, HOUR, QUARTER = timedelta(seconds=1), timedelta(hours=1), timedelta(minutes=15)
WAITING = Authorization(authorization_id="DA1", by="key", connection_id="DC1", begun_at=NOW, ticket=digest("ticket"))
ASKED = replace(WAITING, stage=Stage.ASKED, asked_at=NOW, browser=digest("cookie"), state=digest("state"))
LATER = [stage for stage in Stage if stage not in (Stage.WAITING, Stage.ASKED)]


def opening(found: Authorization, ticket: str = "ticket", browser: str = "cookie", now: datetime = NOW) -> str:
    """The refusal; "" for none."""
    try:
        check_opening(found, ticket, browser, now)
    except Rejected as refusal:
        return str(refusal)
    return ""


def answer(found: Authorization, state: str = "state", browser: str = "cookie", now: datetime = NOW) -> str:
    """The refusal; "" for none."""
    try:
        check_answer(found, state, browser, now)
    except Rejected as refusal:
        return str(refusal)
    return ""


def test_what_proves_a_caller_stands_here_as_a_digest_only():
    assert digest("secret") == bytes.fromhex("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b")
    assert is_secret("secret", digest("secret"))
    assert not is_secret("Secret", digest("secret"))
    assert not is_secret("", b"")


def test_an_address_is_opened_for_an_hour_and_a_question_stands_for_a_quarter():
    assert WAITING.expires_at() == NOW + HOUR
    assert replace(ASKED, asked_at=NOW + HOUR).expires_at() == NOW + HOUR + QUARTER
    assert opening(WAITING, now=NOW + HOUR - SECOND) == ""
    assert opening(WAITING, now=NOW + HOUR) == "this address has expired: begin anew"
    assert answer(ASKED, now=NOW + QUARTER - SECOND) == ""
    assert answer(ASKED, now=NOW + QUARTER) == "this answer comes too late: begin anew"
    assert answer(replace(ASKED, asked_at=None)) == "this answer comes too late: begin anew"


def test_an_address_is_opened_with_its_ticket_only():
    assert opening(WAITING, ticket="tickets") == "this address is not one of ours: copy it whole"


def test_the_browser_that_opened_it_may_go_back_and_another_one_may_not():
    assert opening(WAITING, browser="any") == ""
    assert opening(ASKED) == ""
    assert opening(ASKED, browser="other") == "this address was opened in another browser: go on there, or begin anew"


@pytest.mark.parametrize("stage", LATER)
def test_what_was_answered_is_neither_opened_nor_answered_again(stage: Stage):
    found = replace(ASKED, stage=stage)

    assert opening(found) == "this address was used already: begin anew"
    assert answer(found) == "this question was answered already: begin anew"


def test_an_answer_needs_the_state_and_the_browser_of_the_question():
    assert answer(ASKED) == ""
    assert answer(ASKED, state="other") == "this is not an answer to the last question of ours: begin anew"
    assert answer(ASKED, browser="other") == "this answer comes from another browser than was asked: begin anew in this one"
    assert answer(WAITING, state="") == "this is not an answer to the last question of ours: begin anew"


def test_what_one_browser_began_goes_on_in_that_one():
    check_browser(ASKED, "cookie")
    for found, browser in ((ASKED, "other"), (WAITING, "")):
        with pytest.raises(Rejected, match="this was begun in another browser: go on there"):
            check_browser(found, browser)


def test_it_is_over_once_it_is_connected_or_refused():
    assert {Stage.CONNECTED, Stage.REFUSED} == OVER
