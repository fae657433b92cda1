"""Time spans as .NET reads them: learn.microsoft.com, "Timer trigger for Azure Functions", TimeSpan."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.timespans import parse_timespan


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_days_hours_minutes_and_seconds_are_read(days: int, hours: int, minutes: int, seconds: int):
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    assert parse_timespan(f"{days}.{hours:02}:{minutes:02}:{seconds:02}") == span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:00:02", timedelta(seconds=2)),
        ("00:00:00.2500000", timedelta(milliseconds=250)),
        ("01:30", timedelta(hours=1, minutes=30)),
        ("7", timedelta(days=7)),
        ("24:00:00", timedelta(days=24)),
        ("25:01:00", timedelta(days=25, hours=1)),
    ],
)
def test_short_forms_mean_what_dotnet_makes_of_them(text: str, span: timedelta):
    assert parse_timespan(text) == span


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4:5", "00:60:00", "00:00:60", "1.24:00:00", "24:00", "-1", "0\u0660:00:01"])
def test_what_is_no_time_span_is_refused(text: str):
    with pytest.raises(ValueError, match="not a time span"):
        parse_timespan(text)
