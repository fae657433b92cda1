"""NCRONTAB as github.com/atifaziz/NCrontab reads it, which the real host uses."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.schedules import FIELDS, Cron, Field, parse_cron, parse_schedule

NOON = datetime(2027, 3, 10, 12, 0, 0, tzinfo=UTC)  # a Wednesday


def _terms(field: Field) -> st.SearchStrategy[str]:
    value = st.integers(field.low, field.high)
    pair = st.tuples(value, value).map(sorted)
    return st.one_of(
        st.just("*"),
        value.map(str),
        pair.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.tuples(pair, st.integers(1, 70)).map(lambda term: f"{term[0][0]}-{term[0][1]}/{term[1]}"),
        st.integers(1, 70).map(lambda step: f"*/{step}"),
    )


def _field(field: Field) -> st.SearchStrategy[str]:
    return st.lists(_terms(field), min_size=1, max_size=3).map(",".join)


def _fires(cron: Cron, at: datetime) -> bool:
    on = at.month in cron.months and at.day in cron.days and at.isoweekday() % 7 in cron.weekdays
    return on and at.hour in cron.hours and at.minute in cron.minutes and at.second in cron.seconds


@given(st.tuples(*(_field(field) for field in FIELDS[:3])), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001, made aware below
def test_the_next_occurrence_is_the_first_second_that_all_fields_select(fields: tuple[str, ...], naive: datetime):
    moment = naive.replace(tzinfo=UTC)
    cron = parse_cron(" ".join((*fields, "*", "*", "*")))

    found = cron.next_after(moment)

    assert found is not None
    assert moment < found <= moment + timedelta(days=1, seconds=1)
    assert _fires(cron, found)
    before = found - timedelta(seconds=1)
    for _ in range(100):
        if before <= moment:
            break
        assert not _fires(cron, before)
        before -= timedelta(seconds=1)


@given(st.tuples(*(_field(field) for field in FIELDS[3:])), st.dates(datetime(2000, 1, 1).date(), datetime(2100, 1, 1).date()))  # noqa: DTZ001, dates
def test_a_day_satisfies_month_day_and_weekday_all_three(fields: tuple[str, ...], day: object):
    start = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    cron = parse_cron(" ".join(("0", "0", "0", *fields)))

    found = cron.next_after(start)

    days = (start + timedelta(days=n) for n in range(1, 400))
    nearest = next((at for at in days if _fires(cron, at)), None)
    assert found == nearest or (nearest is None and (found is None or found > start + timedelta(days=399)))


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("*/5 * * * *", "2027-03-10T12:05:00"),  # five fields: no seconds
        ("*/2 * * * * *", "2027-03-10T12:00:02"),
        ("0 0 2 * * *", "2027-03-11T02:00:00"),
        ("0 30 9 * Jan Mon", "2028-01-03T09:30:00"),
        ("0 0 0 * * saturday", "2027-03-13T00:00:00"),
        ("0 0 0 * * Fri-Thu", "2027-03-11T00:00:00"),  # turned round: Thursday and Friday
        ("0 10/20 * * * *", "2027-03-10T12:10:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 29 2 Sun", "2032-02-29T00:00:00"),
        ("59 59 23 31 12 *", "2027-12-31T23:59:59"),
        ("0 0 12 * * *", "2027-03-11T12:00:00"),  # later than the moment itself
    ],
)
def test_a_well_known_expression_has_its_well_known_next_time(text: str, following: str):
    found = parse_cron(text).next_after(NOON)

    assert found == datetime.fromisoformat(following).replace(tzinfo=UTC)


def test_a_day_that_never_comes_has_no_occurrence():
    assert parse_cron("0 0 0 30 2 *").next_after(NOON) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("every 5 minutes", "needs six fields"),
        ("* * * *", "needs six fields"),
        ("* * * * * * *", "needs six fields"),
        ("60 * * * * *", "'60' is not a value of the second field"),
        ("* * 24 * * *", "'24' is not a value of the hour field"),
        ("* * * 0 * *", "'0' is not a value of the day field"),
        ("* * * * 13 *", "'13' is not a value of the month field"),
        ("* * * * * 7", "'7' is not a value of the day-of-week field"),
        ("* * * * * Caturday", "'Caturday' is not a value of the day-of-week field"),
        ("1,,2 * * * * *", "'' is not a value of the second field"),
        ("*/x * * * * *", "'x' is no step in the second field"),
        ("-5 * * * * *", "'-5' is not a value of the second field"),
    ],
)
def test_an_expression_that_cannot_be_read_is_refused_with_the_field_that_is_wrong(text: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        parse_schedule(text)


def test_a_time_span_is_a_schedule_too():
    assert parse_schedule("00:00:30").next_after(NOON) == NOON + timedelta(seconds=30)


def test_a_time_span_of_nothing_is_refused():
    with pytest.raises(ValueError, match="zero"):
        parse_schedule("00:00:00")
