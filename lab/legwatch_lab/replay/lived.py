"""Compare the notices of a stored night that was replayed with those of that night."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from legwatch.alerting.notice import Notice, Sounding, as_json
from legwatch.alerting.sound import with_sounding
from legwatch.events import Window
from legwatch.lived import LivedNight
from legwatch.night import local
from legwatch.text.message import text
from legwatch_lab.replay.table import row
from legwatch_lab.stored_night import OtherLimits, Replayed
from legwatch_runtime.zones import zone_named


def verdict(path: Path, found: Replayed, limits: OtherLimits) -> str:
    """Return one line that says whether the notices are those of that night."""
    night = found.night
    zone = zone_named(night.zone, "zone")
    windows = [one.entry for one in night.entries if isinstance(one.entry, Window)]
    first = local(night.from_ms, zone)
    head = f"{path.name}: bed {night.bed}, {len(windows)} windows from {first:%Y-%m-%d %H:%M %Z}"
    count = f"{len(found.notices)} notices{' under other limits' if limits else ''}"
    then, now = _lines(found)
    if then == now:
        return f"{head}: {count}, the same as in that night"
    if _without_texts(then) == _without_texts(now):
        return f"{head}: {count}, the same as in that night but for the words of their texts"
    gone, new = Counter(then) - Counter(now), Counter(now) - Counter(then)
    if not gone and not new:
        return f"{head}: {count}, the same as in that night but in another order"
    return (
        f"{head}: {count}, not the same as in that night: {new.total()} only now (+),"
        f" {gone.total()} only then (-)"
    )


def differences(found: Replayed, width: int | None) -> Iterator[str]:
    """Yield each notice that was given only then or comes only now, in the order of their times."""
    zone = zone_named(found.night.zone, "zone")
    then, now = _lines(found)
    if _without_texts(then) == _without_texts(now):
        return
    given = [(one.notice, sounds) for one, sounds in _given(found.night)]
    lost = _but(given, then, now, "-")
    for sign, notice, sounds in sorted(
        [*lost, *_but(found.notices, now, then, "+")], key=lambda one: one[1].at_ms
    ):
        yield f"{sign} {row(notice, sounds, zone, width)}"


def _but(
    notices: Sequence[tuple[Notice, Sounding]],
    lines: Sequence[str],
    others: Sequence[str],
    sign: str,
) -> Iterator[tuple[str, Notice, Sounding]]:
    left = Counter(lines) - Counter(others)
    for (notice, sounds), line in zip(notices, lines, strict=True):
        if left[line] > 0:
            left[line] -= 1
            yield sign, notice, sounds


def _given(night: LivedNight) -> Iterator[tuple[Any, Sounding]]:
    pairs = with_sounding(given.notice for given in night.given)
    for given, (_, sounds) in zip(night.given, pairs, strict=True):
        yield given, sounds


def _lines(found: Replayed) -> tuple[list[str], list[str]]:
    """Return the notices of that night and those of the replay, each as one line of JSON."""
    bed = found.night.bed
    then = [as_json(given.notice, bed=bed, text=given.text) for given in found.night.given]
    return then, [as_json(notice, bed=bed, text=text(notice)) for notice, _ in found.notices]


def _without_texts(lines: Sequence[str]) -> list[str]:
    return [line[: line.rindex(',"text":')] + line[line.rindex(',"held":') :] for line in lines]
