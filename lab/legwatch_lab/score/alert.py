"""The alerts of a night, one per episode: from the severity warning to the end."""

from collections.abc import Iterable
from typing import NamedTuple

from legwatch.alerting.notice import MAY_SOUND, Notice, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.text.message import text

_ENDS = (TransitionKind.RESOLVED, TransitionKind.UNKNOWN)


class AlertSpan(NamedTuple):
    """One alert. `end_ms` None: it fired to the end of the night; `sound_ms` None: no sound."""

    kind: str
    at_ms: int
    severity: str
    reason: str
    text: str
    sound_ms: int | None = None
    end_ms: int | None = None

    def stands(self, at_ms: int) -> bool:
        """Return True if the alert is firing at `at_ms`."""
        return self.at_ms <= at_ms and (self.end_ms is None or at_ms < self.end_ms)


class Transcript(NamedTuple):
    """The alerts, sounds and early signs of the rules or of the simple automation in one night."""

    alerts: tuple[AlertSpan, ...]
    wakes: tuple[int, ...]  # times of sounds, UTC ms
    signs: tuple[int, ...] = ()  # early signs, UTC ms


def fold(notices: Iterable[Notice]) -> Transcript:
    """Combine notices into alerts; an episode of severity log counts once it is escalated."""
    found: dict[tuple[str, int | None], AlertSpan] = {}
    wakes: list[int] = []
    signs: list[int] = []
    for notice in notices:
        kind, what = notice.kind.value, notice.transition
        if what is TransitionKind.EXPECTED:
            signs.append(notice.at_ms)
            continue
        key = kind, notice.episode_ms
        if what in _ENDS and key in found and found[key].end_ms is None:
            found[key] = found[key]._replace(end_ms=notice.at_ms)
        if what not in MAY_SOUND or notice.severity is Severity.LOG:
            continue
        if key not in found:
            found[key] = AlertSpan(
                kind, notice.at_ms, notice.severity.value, notice.reason.value, text(notice)
            )
        if notice.suppressed_by is None:
            wakes.append(notice.at_ms)
            if found[key].sound_ms is None:
                found[key] = found[key]._replace(sound_ms=notice.at_ms)
    return Transcript(tuple(found.values()), tuple(wakes), tuple(signs))
