"""Judge one own night by what was noted of it: what would have been told, when, and for nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from legwatch.alerting.notice import MAY_SOUND, Notice, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.engine import replay
from legwatch.errors import RecordingError, SettingsError
from legwatch.events import AlertKind, Window
from legwatch.limits.rules import Rules
from legwatch.night import local
from legwatch.recording import events
from legwatch.recording.unused import unused
from legwatch.scope import never_come
from legwatch.text.span import span
from legwatch_lab.score.own_truth import Noted, OwnSpan
from legwatch_lab.stored_night import OtherLimits, replayed
from legwatch_runtime.night_file import is_night_file
from legwatch_runtime.replay_file import read as read_recording
from legwatch_runtime.zones import zone_named

MINUTE_MS = 60_000
# A sign and a quiet, which may come without an alert, say nothing of whether one fires.
_NO_STATE = (TransitionKind.EXPECTED, TransitionKind.SNOOZED)
STILL_OPEN = "no, it still stands at the end of the night"


_ROLES: Mapping[str, Callable[[Window], bool]] = {
    "leg": lambda window: window.leg_c is not None,
    "movement": lambda window: window.moves is not None,
    "presence": lambda window: window.in_bed is not None,
}


class OwnNight(NamedTuple):
    """A night of an own bed. Times are UTC ms."""

    name: str
    first_ms: int
    last_ms: int
    zone: tzinfo
    notices: tuple[Notice, ...]
    lacks: tuple[str, ...] = ()  # what of it was not read, and what it cannot tell


def load(path: Path, rules: Rules, limits: OtherLimits, without: Sequence[str] = ()) -> OwnNight:
    """Read a recording, or a night that a server has stored, and judge it; RecordingError.

    `without`: channels of a recording that are left out; SettingsError for those of a stored night.
    """
    if is_night_file(path):
        if without:
            raise SettingsError(
                "--without",
                f"{path} is a stored night: it begins with what its bed knew of its sensors,"
                " so none can be left out. Of a recording that is possible",
            )
        night, found = replayed(path, limits)
        came = [one.entry for one in night.entries if isinstance(one.entry, Window)]
        # The last one may only close the night: the first of another time, days later.
        windows = [w for w in came if w.to_ms >= night.from_ms and w.from_ms < night.to_ms]
        zone, notices = zone_named(night.zone, "zone"), tuple(notice for notice, _ in found)
        return _night(path, windows, zone, notices)
    # legwatch ignores unknown names.
    renames = {channel: f"{channel} (left out)" for channel in without}
    recording = read_recording(path, zone=rules.zone, renames=renames)
    seen = list(events(recording))
    windows = [event for event in seen if isinstance(event, Window)]
    judged = _night(path, windows, rules.zone, tuple(replay(seen, rules)))
    return judged._replace(lacks=(*unused(recording), *judged.lacks))


def _night(
    path: Path, windows: Sequence[Window], zone: tzinfo, notices: tuple[Notice, ...]
) -> OwnNight:
    if not windows:
        raise RecordingError(f"{path}: there is nothing to judge in it")
    # Windows that were kept at the bedside come late, behind newer ones.
    first_ms, last_ms = min(w.from_ms for w in windows), max(w.to_ms for w in windows)
    heard = {role for role, has in _ROLES.items() if any(map(has, windows))}
    return OwnNight(path.name, first_ms, last_ms, zone, notices, tuple(never_come(heard)))


def lines(night: OwnNight, spans: Sequence[OwnSpan]) -> Iterator[str]:
    """Yield the judgement: a paragraph for each span, and what was told beside them."""
    begin, end = _clock(night.first_ms, night.zone, day=True), _clock(night.last_ms, night.zone)
    yield f"{night.name}: {begin} to {end} ({night.zone})"
    yield from (f"look again: {lack}" for lack in night.lacks)
    colds = [one for one in night.notices if one.kind is AlertKind.COLD]
    for one in spans:
        yield ""
        yield f"{_clock(one.from_ms, night.zone)}-{_clock(one.to_ms, night.zone)} {one.what}"
        told = _of_uncovering if one.what is Noted.UNCOVERED else _of_absence
        yield from (f"  {words}" for words in told(colds, one, night.zone))
    yield ""
    yield "Beside that" if spans else "Nothing was noted (--truth), so nothing should sound"
    yield from (f"  {words}" for words in _beside(night, spans))


def _of_uncovering(colds: Sequence[Notice], one: OwnSpan, zone: tzinfo) -> Iterator[str]:
    def after(notice: Notice | None) -> str:
        return "none" if notice is None else _after(notice.at_ms, one.from_ms, zone)

    within = [n for n in colds if one.from_ms <= n.at_ms < one.to_ms]
    stands, sign = _standing(colds, one.from_ms), _sign(colds, one)
    early = next((n for n in within if n.transition is TransitionKind.EXPECTED), None)
    yield f"early sign    {after(early)}"
    yield f"first sign    {'an alert stood already' if stands else after(sign)}"
    yield f"first sound   {after(next(filter(_sounds, within), None))}"
    urgent = (n for n in within if _sounds(n) and n.severity is Severity.URGENT)
    yield f"urgent        {after(next(urgent, None))}"
    if stands or sign:
        yield from _of_the_end(colds, one, zone)


def _of_the_end(colds: Sequence[Notice], one: OwnSpan, zone: tzinfo) -> Iterator[str]:
    """Yield what was told once the cover was back, until the alert was over."""
    over = _over(colds, one)
    heard = _too_late(colds, one)
    if heard:
        times = ", ".join(_after(notice.at_ms, one.to_ms, zone) for notice in heard)
        yield f"too late      {_count(len(heard))} with the cover back: {times}"
    turned = _turned(colds, one)
    if turned is not None:
        yield f"told as warm  {_after(turned.at_ms, one.to_ms, zone)}: from then on nobody more"
    if over is not None and over.at_ms < one.to_ms:
        yield f"told as over  {_clock(over.at_ms, zone)}, before the cover was back"
    else:
        yield f"told as over  {_after(over.at_ms, one.to_ms, zone) if over else STILL_OPEN}"


def _sign(colds: Sequence[Notice], one: OwnSpan) -> Notice | None:
    fired = (n for n in colds if n.transition is TransitionKind.FIRED)
    return next((n for n in fired if one.from_ms <= n.at_ms < one.to_ms), None)


def _over(colds: Sequence[Notice], one: OwnSpan) -> Notice | None:
    """Return the end of the alert that stood when the cover was back, or the last end before."""
    ends = [n for n in colds if n.transition is TransitionKind.RESOLVED]
    if _standing(colds, one.to_ms):
        return next((n for n in ends if n.at_ms >= one.to_ms), None)
    within = [n for n in ends if one.from_ms <= n.at_ms < one.to_ms]
    return within[-1] if within else None


def _turned(colds: Sequence[Notice], one: OwnSpan) -> Notice | None:
    """Return what says first, once the cover is back, that the legs become warm."""
    over = _over(colds, one)
    to_ms = over.at_ms if over else one.to_ms
    found = (n for n in colds if n.transition is TransitionKind.WARMING)
    return next((n for n in found if one.to_ms <= n.at_ms < to_ms), None)


def _too_late(colds: Sequence[Notice], one: OwnSpan) -> list[Notice]:
    """Return what sounded once the cover was back, of the alert that stood then."""
    if one.what is not Noted.UNCOVERED or not _standing(colds, one.to_ms):
        return []
    over = _over(colds, one)
    later = (n for n in colds if n.at_ms >= one.to_ms and _sounds(n))
    return [n for n in later if over is None or n.at_ms < over.at_ms]


def _of_absence(colds: Sequence[Notice], one: OwnSpan, zone: tzinfo) -> Iterator[str]:
    heard = [n for n in colds if one.from_ms <= n.at_ms < one.to_ms and _sounds(n)]
    times = ", ".join(_clock(n.at_ms, zone) for n in heard)
    yield f"{_count(len(heard))}, {times}" if heard else "no sound of cold legs, which is right"


def _beside(night: OwnNight, spans: Sequence[OwnSpan]) -> Iterator[str]:
    """Yield what made a sound when the legs were covered, as far as it was noted."""
    colds = [one for one in night.notices if one.kind is AlertKind.COLD]
    late = [n for one in spans for n in _too_late(colds, one)]
    found = [n for n in night.notices if _sounds(n) and not _is_noted(n, spans, late)]
    for one in found:
        yield f"{_clock(one.at_ms, night.zone)} {one.kind} {one.transition} ({one.severity})"
    if not found:
        yield "no sound"


def _is_noted(notice: Notice, spans: Sequence[OwnSpan], late: Sequence[Notice]) -> bool:
    """Return True if a sound stands in the paragraph of a span already."""
    within = any(one.from_ms <= notice.at_ms < one.to_ms for one in spans)
    return notice.kind is AlertKind.COLD and (within or notice in late)


def _standing(colds: Sequence[Notice], at_ms: int) -> bool:
    """Return True if an alert of cold legs fires at a moment."""
    last = [n for n in colds if n.at_ms < at_ms and n.transition not in _NO_STATE]
    return bool(last) and last[-1].transition is not TransitionKind.RESOLVED


def _sounds(notice: Notice) -> bool:
    loud = notice.transition in MAY_SOUND and notice.severity is not Severity.LOG
    return loud and notice.suppressed_by is None


def _count(sounds: int) -> str:
    return "1 sound" if sounds == 1 else f"{sounds} sounds"


def _after(at_ms: int, since_ms: int, zone: tzinfo) -> str:
    return f"{_clock(at_ms, zone)} (after {span((at_ms - since_ms) / MINUTE_MS)})"


def _clock(at_ms: int, zone: tzinfo, *, day: bool = False) -> str:
    form = "%Y-%m-%d %H:%M" if day else "%H:%M"
    return f"{local(at_ms, zone):{form}}"
