"""Signatures v2 and v4 beside v5: published vectors, and one flipped byte anywhere (admin-api.md §1, D-33)."""

import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import duo_client.client as duo  # pyright: ignore[reportMissingTypeStubs], it has none
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.management.signatures import FORM, SignedRequest, canonical_query, credentials, is_signed_with

official: Any = duo
SECRET, IKEY = "s" * 40, "DI2A3B4C5D6E7F2G3H4I"
HOST, PATH, DATE = "api.corp.example", "/admin/v1/users", "Mon, 23 Nov 2026 13:00:00 -0000"
PUBLISHED = SignedRequest(
    method="POST",
    hosts=("api-xxxxxxxx.duosecurity.com",),
    paths=("/admin/v1/users",),
    query="",
    body=b"username=root&realname=First+Last",
    date="Tue, 21 Aug 2012 17:29:18 -0000",
    authorization="",
    content_type=FORM,
)
"""The request of Duo's documentation of its Admin API, signed by SHA-1."""
PUBLISHED_SECRET, PUBLISHED_SIGNATURE = "Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep", "c1ef43767c3eb3b3258dbddca6f8d0941e085b92"
FUZZ = {
    "䚚⡻㗐軳朧倪ࠐ킑È셰": "ཅ᩶㐚敌숿鬉ꯢ荃ᬧ惐",
    "瑉繋쳻姿﹟获귌逌쿑砓": "趷倢鋓䋯⁽蜰곾嘗ॆ丰",
    "瑰錔逜麮䃘䈁苘豰ᴱꁂ": "៙ந鍘꫟ꐪ䢾ﮖ濩럿㋳",
    "싅Ⱍ☠㘗隳F蘅⃨갡头": "ﮩ䆪붃萋☕㹮攭ꢵ핫U",
}
FUZZED = SignedRequest(
    method="PoSt",
    hosts=("foo.bar52.com",),
    paths=("/Foo/BaR2/qux",),
    query="",
    body=urlencode(FUZZ).encode(),
    date="Fri, 07 Dec 2012 17:18:00 -0000",
    authorization="",
    content_type=FORM,
)
"""The request of duo_client's own tests of its signatures."""
FUZZED_SECRET = "gtdfxv9YgVBYcF6dl2Eq17KUQJN2PLM2ODVTkvoT"
BY_SHA1 = "f01811cbbf9561623ab45b893096267fd46a5178"
BY_SHA512 = (
    "0508065035a03b2a1de2f453e629e791d180329e157f65df6b3e0f08299d4321e1c5c7a7c7ee6b9e5fc80d1fb6fbf3ad5eb7c44dd3b3985a02c37aca53ec3698"
)


def signed(version: int, method: str, params: dict[str, list[str]], body: str = "") -> tuple[SignedRequest, str]:
    """The request that the official client would send, and its signature."""
    authorization = official.sign(IKEY, SECRET, method, HOST, PATH, DATE, version, official.normalize_params(params), body=body)
    in_form = version == 2 and method == "POST"
    encoded = urlencode(params, doseq=True)
    request = SignedRequest(
        method=method,
        hosts=(HOST,),
        paths=(PATH,),
        query="" if in_form else encoded,
        body=encoded.encode() if in_form else body.encode(),
        date=DATE,
        authorization=authorization,
        content_type=FORM if in_form else "application/json",
    )
    return request, credentials(authorization)[1]


def test_the_published_vector_is_accepted_where_sha1_is_allowed() -> None:
    assert is_signed_with(PUBLISHED, PUBLISHED_SECRET, PUBLISHED_SIGNATURE, sha1=True)
    assert not is_signed_with(PUBLISHED, PUBLISHED_SECRET, PUBLISHED_SIGNATURE)
    assert not is_signed_with(
        replace(PUBLISHED, body=b"username=root&realname=First+Lass"), PUBLISHED_SECRET, PUBLISHED_SIGNATURE, sha1=True
    )


def test_the_vectors_of_the_official_client_are_accepted() -> None:
    assert is_signed_with(FUZZED, FUZZED_SECRET, BY_SHA512)
    assert is_signed_with(FUZZED, FUZZED_SECRET, BY_SHA512, sha1=True)
    assert is_signed_with(FUZZED, FUZZED_SECRET, BY_SHA1, sha1=True)
    assert not is_signed_with(FUZZED, FUZZED_SECRET, BY_SHA1)


def test_every_printable_character_is_encoded_as_the_official_client_does() -> None:
    query = urlencode({"punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "whitespace": "\t\n\x0b\x0c\r "})
    assert canonical_query(query) == (
        "punctuation=%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~&whitespace=%09%0A%0B%0C%0D%20"
    )


def test_sha1_signs_nothing_but_v2() -> None:
    """A body that v5 or v4 would sign by SHA-512 is not signed by less."""
    body = b'{"username":"ann"}'
    request = replace(PUBLISHED, body=body, content_type="application/json")

    authorization: str = official.sign(IKEY, SECRET, "POST", HOST, PATH, DATE, 4, {}, body=body.decode(), digestmod=hashlib.sha1)

    assert not is_signed_with(request, SECRET, credentials(authorization)[1], sha1=True)


@given(
    st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3), max_size=4), st.sampled_from(["GET", "POST", "DELETE"])
)
def test_what_the_official_client_signs_as_v2_is_accepted(params: dict[str, list[str]], method: str) -> None:
    request, signature = signed(2, method, params)
    assert is_signed_with(request, SECRET, signature)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_what_the_official_client_signs_as_v4_is_accepted(content: dict[str, str]) -> None:
    request, signature = signed(4, "POST", {}, official.Client.canon_json(content))
    assert is_signed_with(request, SECRET, signature)
    request, signature = signed(4, "GET", {name: [value] for name, value in content.items()})
    assert is_signed_with(request, SECRET, signature)


def test_values_of_one_name_may_be_signed_in_the_order_in_which_they_come() -> None:
    """So does Duo's client for Node."""
    request, signature = signed(2, "GET", {"a": ["1"], "b": ["2", "1"]})
    assert request.query == "a=1&b=2&b=1"
    canonical = f"{DATE}\nGET\n{HOST}\n{PATH}\na=1&b=2&b=1"
    unsorted = hmac.new(SECRET.encode(), canonical.encode(), hashlib.sha512).hexdigest()
    assert signature != unsorted
    assert is_signed_with(request, SECRET, unsorted)


@pytest.mark.parametrize(
    "change",
    [
        {"content_type": "application/json"},
        {"content_type": ""},
        {"query": "c=3"},
        {"method": "GET"},
        {"method": "DELETE"},
        {"body": b"a=1&b=2&c=3"},
        {"body": b'{"a":"1","b":"2"}'},
        {"body": "a=1&b=2&é=1".encode("latin-1")},
    ],
)
def test_what_v2_does_not_sign_is_refused_with_it(change: dict[str, Any]) -> None:  # D-33
    request, signature = signed(2, "POST", {"a": ["1"], "b": ["2"]})
    assert is_signed_with(request, SECRET, signature)
    assert not is_signed_with(replace(request, **change), SECRET, signature)


def flip(raw: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[at % len(raw)] ^= 1 << bit
    return bytes(changed)


PARTS = ["date", "host", "path", "parameters", "body", "signature", "secret"]


@given(st.sampled_from([2, 4, 5]), st.sampled_from(["GET", "POST"]), st.sampled_from(PARTS), st.integers(0, 500), st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_refused_in_every_version(version: int, method: str, part: str, at: int, bit: int) -> None:
    params = {"realname": ["Ann Lind + Co / 50 %"], "username": ["änn"], "notes": [""]} if version == 2 or method == "GET" else {}
    request, signature = signed(version, method, params, '{"username":"ann"}' if version > 2 and method == "POST" else "")
    secret = SECRET
    match part:
        case "date":
            request = replace(request, date=flip(DATE.encode(), at, bit).decode("latin-1"))
        case "host":
            request = replace(request, hosts=(flip(HOST.encode(), at, bit).decode("latin-1"),))
        case "path":
            request = replace(request, paths=(flip(PATH.encode(), at, bit).decode("latin-1"),))
        case "parameters" if request.query:
            flipped = flip(request.query.encode(), at, bit).decode("latin-1")
            if canonical_query(flipped) == canonical_query(request.query):
                return  # another spelling of the same: "+" and "%20", "%2b" and "%2B"
            request = replace(request, query=flipped)
        case "body" if request.body:
            flipped = flip(request.body, at, bit)
            if version == 2 and flipped.isascii() and canonical_query(flipped.decode()) == canonical_query(request.body.decode()):
                return
            request = replace(request, body=flipped)
        case "secret":
            secret = flip(SECRET.encode(), at, bit).decode("latin-1")
        case _:
            signature = flip(signature.encode(), at, bit).decode("latin-1")
    assert not is_signed_with(request, secret, signature)
    assert not is_signed_with(request, secret, signature, sha1=True)
