""".NET time spans, as host.json and timer schedules write them."""

import re
from datetime import timedelta

_CLOCK = re.compile(
    r"(?:(?P<days>\d{1,8})\.)?(?P<first>\d{1,8}):(?P<second>\d{1,2})(?::(?P<third>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?", re.ASCII
)
_HOURS_OF_A_DAY = 24
_SIXTY = 60


def parse_timespan(text: str) -> timedelta:
    """`[d.]hh:mm[:ss[.fraction]]`, or a bare number of days.

    As .NET does, `dd:hh:mm` is read where the first number of three is no hour: "24:00:00" is 24 days.
    Raises ValueError. Source: learn.microsoft.com, "Timer trigger for Azure Functions", section TimeSpan.
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,8}", text, re.ASCII):
        return timedelta(days=int(text))
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time span such as 00:05:00")
    first, second, third = int(match["first"]), int(match["second"]), int(match["third"] or 0)
    if first >= _HOURS_OF_A_DAY and match["third"] and not match["days"] and not match["fraction"]:
        span, fits = timedelta(days=first, hours=second, minutes=third), second < _HOURS_OF_A_DAY and third < _SIXTY
    else:
        span = timedelta(days=int(match["days"] or 0), hours=first, minutes=second, seconds=float(f"{third}.{match['fraction'] or 0}"))
        fits = first < _HOURS_OF_A_DAY and second < _SIXTY and third < _SIXTY
    if not fits:
        raise ValueError(f"{text!r} is not a time span: a part is out of its range")
    return span
