"""Lists within a sentence, which people read: some of it, and how much more there is."""

import pytest

from sync_core.directory.texts import listed


@pytest.mark.parametrize(
    ("items", "told"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b, and 1 more"), (list("abcdef"), "a, b, and 4 more")],
)
def test_the_first_items_are_told_and_how_many_more_there_are(items: list[str], told: str):
    assert listed(items, 2) == told


def test_items_that_are_sentences_are_kept_apart_by_more_than_commas():
    assert listed(["a, so b", "c", "d"], 2, "; ") == "a, so b; c; and 1 more"
