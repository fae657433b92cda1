"""Signature v5, against the official client's own signing (admin-api.md §1)."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import duo_client.client as duo  # pyright: ignore[reportMissingTypeStubs], it has none
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.management.actor import Unauthenticated
from sync_core.management.signatures import SignedRequest, canonical_query, check_date, credentials, is_signed_with

SECRET = "Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep"
IKEY = "DIWJ8X6AEYOR5OMC6TQ1"
HOST = "api.corp.example"
PATH = "/v1/syncs"
DATE = "Mon, 23 Nov 2026 13:00:00 -0000"
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
WINDOW = timedelta(seconds=300)

official: Any = duo
parameters = st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3), max_size=4)


def signed(method: str, params: dict[str, list[str]], body: str, headers: dict[str, str] | None = None) -> tuple[SignedRequest, str]:
    """The request that the official client would send, and its signature."""
    authorization: str = official.sign(
        IKEY, SECRET, method, HOST, PATH, DATE, 5, official.normalize_params(params), body=body, additional_headers=headers
    )
    request = SignedRequest(
        method=method,
        hosts=(HOST,),
        paths=(PATH,),
        query=urlencode(params, doseq=True),
        body=body.encode(),
        date=DATE,
        authorization=authorization,
        duo_headers=tuple((name.lower(), value) for name, value in (headers or {}).items()),
    )
    return request, credentials(authorization)[1]


@given(parameters)
def test_a_query_that_the_official_client_signs_is_accepted(params: dict[str, list[str]]) -> None:
    request, signature = signed("GET", params, "")
    assert is_signed_with(request, SECRET, signature)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.booleans() | st.lists(st.text(max_size=4)), max_size=4))
def test_a_body_that_the_official_client_signs_is_accepted(content: dict[str, object]) -> None:
    request, signature = signed("POST", {}, official.Client.canon_json(content))
    assert is_signed_with(request, SECRET, signature)


def test_headers_that_the_official_client_signs_are_accepted_in_any_order() -> None:
    request, signature = signed("POST", {}, "{}", {"X-Duo-B": "2", "x-duo-A": "1"})
    assert is_signed_with(request, SECRET, signature)
    assert is_signed_with(replace(request, duo_headers=request.duo_headers[::-1]), SECRET, signature)


@pytest.mark.parametrize("counts", [False, True])
def test_x_duo_date_may_or_may_not_count_among_the_signed_headers(counts: bool) -> None:
    others = {"X-Duo-A": "1"}
    request, signature = signed("GET", {}, "", others | ({"X-Duo-Date": DATE} if counts else {}))
    sent = (("x-duo-a", "1"), ("x-duo-date", DATE))
    assert is_signed_with(replace(request, duo_headers=sent), SECRET, signature)


def flip(text: str, at: int, bit: int) -> str:
    raw = bytearray(text.encode())
    raw[at % len(raw)] ^= 1 << bit
    return raw.decode("latin-1")


@given(st.sampled_from(["date", "host", "path", "query", "body", "header", "signature", "secret"]), st.integers(0, 500), st.integers(0, 6))
def test_one_flipped_bit_anywhere_is_refused(part: str, at: int, bit: int) -> None:
    request, signature = signed("POST", {"prefix": ["St af+f%"], "b": [""]}, '{"name":"Head office"}', {"X-Duo-A": "one"})
    secret = SECRET
    match part:
        case "date":
            request = replace(request, date=flip(request.date, at, bit))
        case "host":
            request = replace(request, hosts=(flip(HOST, at, bit),))
        case "path":
            request = replace(request, paths=(flip(PATH, at, bit),))
        case "query":
            flipped = flip(request.query, at, bit)
            if canonical_query(flipped) == canonical_query(request.query):
                return  # "+" and "%20", "%2b" and "%2B" say the same
            request = replace(request, query=flipped)
        case "body":
            request = replace(request, body=flip(request.body.decode(), at, bit).encode("latin-1"))
        case "header":
            request = replace(request, duo_headers=(("x-duo-a", flip("one", at, bit)),))
        case "signature":
            signature = flip(signature, at, bit)
        case _:
            secret = flip(SECRET, at, bit)
    assert not is_signed_with(request, secret, signature)


def test_another_method_is_refused() -> None:
    request, signature = signed("GET", {}, "")
    assert not is_signed_with(replace(request, method="DELETE"), SECRET, signature)


def test_a_header_added_or_dropped_on_the_way_is_refused() -> None:
    request, signature = signed("GET", {}, "", {"X-Duo-A": "1"})
    assert not is_signed_with(replace(request, duo_headers=()), SECRET, signature)
    assert not is_signed_with(replace(request, duo_headers=(*request.duo_headers, ("x-duo-b", "2"))), SECRET, signature)


def test_any_of_the_hosts_and_paths_served_may_be_the_signed_one() -> None:
    request, signature = signed("GET", {}, "")
    behind_a_gateway = replace(request, hosts=("10.0.0.4", HOST), paths=("/api" + PATH, PATH))
    assert is_signed_with(behind_a_gateway, SECRET, signature)


@pytest.mark.parametrize("scheme", ["Basic ", "basic ", "Basic: "])
def test_credentials_are_read_from_every_spelling_in_use(scheme: str) -> None:
    encoded = base64.b64encode(f"{IKEY}:abc".encode()).decode()
    assert credentials(scheme + encoded) == (IKEY, "abc")


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic !!!", "Basic YWJj", "Bearer YTpi", "Basic w6Q6Yg==", "Basic YTpj=", "Basic YTpjZG=="]
)
def test_what_is_no_credentials_is_refused_as_missing(authorization: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        credentials(authorization)
    assert refused.value.code == 40101


@pytest.mark.parametrize("seconds", [-300, 0, 300])
@pytest.mark.parametrize("spelling", ["-0000", "+0000", "GMT", "-0500"])
def test_a_date_within_the_window_is_accepted_in_every_spelling(seconds: int, spelling: str) -> None:
    at = NOW + timedelta(seconds=seconds)
    if spelling == "-0500":
        at -= timedelta(hours=5)
    check_date(f"{at:%a, %d %b %Y %H:%M:%S} {spelling}", NOW, WINDOW)


@pytest.mark.parametrize("seconds", [-301, 301, -86400])
def test_a_date_outside_the_window_is_refused(seconds: int) -> None:
    with pytest.raises(Unauthenticated) as refused:
        check_date(format_datetime(NOW + timedelta(seconds=seconds)), NOW, WINDOW)
    assert refused.value.code == 40105


@given(
    st.text(max_size=40) | st.sampled_from(["Mon, 99 Nov 2026 13:00:00 -0000", "Mon, 01 Jan 0001 00:00:00 +2300", "1 Jan 1 1:1:1 +9999"])
)
def test_a_date_that_is_none_is_refused_with_words(date: str) -> None:
    with pytest.raises(Unauthenticated):
        check_date(date, NOW, WINDOW)
