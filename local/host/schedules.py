"""When a timer fires: NCRONTAB of five or six fields, or a time span. All times are UTC, the host's zone on Linux.

Grammar and edge cases are those of github.com/atifaziz/NCrontab: a day must satisfy the day-of-month and the day-of-week field both,
names match by any prefix, a range in the wrong order is turned round, a step under 1 counts as 1.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from local.host.timespans import parse_timespan

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_FIVE, _SIX = 5, 6
_HORIZON_DAYS = 41 * 366  # 29 February falls on a given weekday again after 40 years at most (across 2100)
_STEP = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class Schedule(Protocol):
    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence later than `moment`, None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """A time span between the end of one wait and the next."""

    span: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        return moment + self.span


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> frozenset[int]:
        """The values that `text` selects. Raises ValueError with the field's name."""
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, text: str) -> frozenset[int]:
        body, slash, step = text.partition("/")
        if slash and not _STEP.fullmatch(step):
            raise ValueError(f"{step!r} is no step in the {self.name} field")
        if body == "*":
            first, last = self.low, self.high
        elif body.find("-") > 0:
            first, last = sorted(self._value(end) for end in body.split("-", 1))
        else:
            first = self._value(body)
            last = self.high if slash else first
        return frozenset(range(first, last + 1, max(int(step or 1), 1)))

    def _value(self, text: str) -> int:
        value = next((self.low + i for i, name in enumerate(self.names) if text and name.lower().startswith(text.lower())), None)
        if value is None and _NUMBER.fullmatch(text):
            value = int(text)
        if value is None or not self.low <= value <= self.high:
            raise ValueError(f"{text!r} is not a value of the {self.name} field ({self.low}-{self.high})")
        return value


FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day-of-week", 0, 6, WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: datetime) -> datetime | None:
        earliest = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for offset in range(_HORIZON_DAYS):
            day = earliest.date() + timedelta(days=offset)
            if self._on(day):
                found = self._first_time(earliest.time() if offset == 0 else time.min)
                if found is not None:
                    return datetime.combine(day, found, UTC)
        return None

    def _on(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _first_time(self, earliest: time) -> time | None:
        """The first time of a day, not before `earliest`."""
        for hour in (h for h in self.hours if h >= earliest.hour):
            minutes = self.minutes if hour > earliest.hour else [m for m in self.minutes if m >= earliest.minute]
            for minute in minutes:
                later = (hour, minute) > (earliest.hour, earliest.minute)
                second = next((s for s in self.seconds if later or s >= earliest.second), None)
                if second is not None:
                    return time(hour, minute, second)
        return None


def parse_cron(text: str) -> Cron:
    """NCRONTAB; five fields have no seconds and mean second 0. Raises ValueError."""
    parts = text.split()
    if len(parts) == _FIVE:
        parts.insert(0, "0")
    if len(parts) != _SIX:
        raise ValueError(f"{text!r} is not a valid NCRONTAB expression: it needs six fields, or five without seconds")
    try:
        second, minute, hour, day, month, weekday = (field.parse(part) for field, part in zip(FIELDS, parts, strict=True))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a valid NCRONTAB expression: {error}") from error
    return Cron(tuple(sorted(second)), tuple(sorted(minute)), tuple(sorted(hour)), day, month, weekday)


def parse_schedule(text: str) -> Schedule:
    """NCRONTAB first, a time span else, as the host's TimerSchedule does. Raises ValueError when it is neither."""
    try:
        return parse_cron(text)
    except ValueError as not_cron:
        try:
            span = parse_timespan(text)
        except ValueError:
            raise not_cron from None
        if not span:
            raise ValueError(f"{text!r} is not a schedule: the time span is zero") from None
        return Interval(span)
