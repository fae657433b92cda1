"""How often an idle queue is asked, and what makes the host ask again at once."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.polling import SHORTEST, WHILE_BUSY, Pace


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _pace(longest: float = 2.0) -> tuple[Pace, Seconds]:
    seconds = Seconds()
    return Pace(longest, seconds, random.Random(1)), seconds


def _poll_in_vain(pace: Pace, seconds: Seconds, times: int) -> list[float]:
    waits: list[float] = []
    for _ in range(times):
        seconds.now += pace.wait
        pace.polling()
        pace.polled(found=False)
        waits.append(pace.wait)
    return waits


def test_an_empty_queue_is_asked_ever_more_rarely_up_to_the_longest_interval():
    waits = _poll_in_vain(*_pace(), times=12)

    assert waits[0] == pytest.approx(SHORTEST, rel=0.2)
    assert waits[:4] == sorted(waits[:4])
    assert waits[-1] == pytest.approx(2.0)


@given(st.integers(1, 2000))
def test_no_wait_is_longer_than_the_longest_interval(times: int):
    assert max(_poll_in_vain(*_pace(), times=times)) <= 2.0 + 1e-6


def test_a_queue_that_gave_messages_is_asked_again_at_once():
    pace, seconds = _pace()
    _poll_in_vain(pace, seconds, 8)

    pace.polled(found=True)

    assert pace.wait == 0


def test_a_strong_hint_ends_a_long_wait_for_one_poll():
    pace, seconds = _pace()
    _poll_in_vain(pace, seconds, 12)
    seconds.now += 1

    pace.hint(strong=True)

    assert pace.wait == 0
    pace.polling()
    pace.polled(found=False)
    assert pace.wait == pytest.approx(2.0)


@pytest.mark.parametrize(("strong", "wait"), [(True, SHORTEST), (False, WHILE_BUSY)])
def test_what_is_hinted_during_a_poll_is_looked_for_by_another(strong: bool, wait: float):
    pace, seconds = _pace()
    _poll_in_vain(pace, seconds, 12)
    seconds.now += 2
    pace.polling()

    pace.hint(strong=strong)

    seconds.now += 0.01
    pace.polled(found=False)
    assert pace.wait == pytest.approx(wait)


def test_hints_however_many_make_about_ten_polls_a_second():
    pace, seconds = _pace()
    pace.polled(found=False)
    polls = 0
    for _ in range(10_000):
        seconds.now += 0.001
        pace.hint(strong=True)
        if not pace.wait:
            polls += 1
            pace.polling()
            pace.polled(found=False)

    assert 80 <= polls <= 125


def test_while_others_run_a_hint_waits_half_a_second_from_the_last_poll():
    pace, seconds = _pace(longest=60)
    _poll_in_vain(pace, seconds, 20)

    pace.hint(strong=False)

    assert pace.wait == pytest.approx(WHILE_BUSY)
