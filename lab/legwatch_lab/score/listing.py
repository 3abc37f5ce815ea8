"""`legwatch score --false`: a line for each false alert and each miss."""

from collections.abc import Iterator, Sequence

from legwatch.night import local
from legwatch_lab.score.night import ScoredNight, SystemResult

ROW = "{night:<32} {at:<11} {what:<14} {reason:<16} {text}"
WrongAlert = tuple[int, str, str, str]  # at_ms, what, reason, text


def wrong(nights: Sequence[ScoredNight], side: str = "legwatch") -> Iterator[str]:
    """Yield a line for each false alert and each miss, night by night, in local time."""
    yield ROW.format(night="night", at="local time", what="what", reason="reason", text="text")
    count = 0
    for night in nights:
        for at_ms, what, reason, text in sorted(_of(night.sides[side])):
            when = f"{local(at_ms, night.zone):%d %b %H:%M}"
            yield ROW.format(night=night.name, at=when, what=what, reason=reason, text=text)
            count += 1
    if not count:
        yield "nothing was false and nothing missed"


def _of(side: SystemResult) -> Iterator[WrongAlert]:
    for alert, true, _ in side.alerts:
        if true is False:
            yield alert.at_ms, f"false {alert.kind}", alert.reason, alert.text
    for uncovering in side.uncoverings:
        if not uncovering.caught:
            minutes = (uncovering.to_ms - uncovering.from_ms) // 60_000
            where = f"{uncovering.what} {uncovering.side}".strip()
            yield uncovering.from_ms, "missed bare", where, f"Uncovered for {minutes} min."
    for at_ms, lead_min in side.skin.crossings:
        if lead_min is None:
            yield at_ms, "missed cold", "leg skin", "Below 28 C, and not told within 60 min."
    for fault in side.faults:
        if fault.plain and not fault.told:
            minutes = (fault.to_ms - fault.from_ms) // 60_000
            yield fault.from_ms, "missed fault", fault.sensor, f"{fault.what} for {minutes} min."
