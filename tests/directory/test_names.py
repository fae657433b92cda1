"""One name in several spellings."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.directory.names import digest, fold, normalize


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "aNN"),
        ("straße", "STRASSE"),
        ("Ελλάς", "ΕΛΛΆΣ"),
        ("rené", unicodedata.normalize("NFD", "RENÉ")),
        ("\N{KELVIN SIGN}elvin", "kelvin"),
    ],
)
def test_spellings_that_fold_alike_are_one_name(one: str, other: str):  # D-03
    assert digest(one) == digest(other)


@pytest.mark.parametrize(("one", "other"), [("ann", "ann "), ("rene", "rené"), ("a", "\N{FULLWIDTH LATIN SMALL LETTER A}"), ("", " ")])
def test_other_spellings_are_other_names(one: str, other: str):  # D-03: NFC and case, no more
    assert digest(one) != digest(other)


@given(st.text())
def test_folding_is_canonical_caseless_and_done_once(name: str):  # D-03
    assert fold(name) == unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    assert fold(unicodedata.normalize("NFD", name)) == fold(name)
    assert fold(fold(name)) == fold(name)
    assert digest(name) == digest(fold(name))


@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_is_the_same(name: str):  # D-03
    assert fold(name) == name.casefold()


def test_a_digest_is_32_hex_digits():
    assert len(digest("ann")) == 32
    assert set(digest("ann")) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("principal_name", "normalized"),
    [
        ("narroway@example.onmicrosoft.com", "narroway"),
        ("a@b@c", "a"),
        ("narroway", "narroway"),
        ("@corp.example", "@corp.example"),
        ("", ""),
    ],
)
def test_the_part_before_the_at_sign_is_the_normalized_name(principal_name: str, normalized: str):  # B-061
    assert normalize(principal_name) == normalized
