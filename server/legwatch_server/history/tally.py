"""Count the figures of each night from its windows and notices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, tzinfo

from legwatch.limits.rules import Rules
from legwatch.night import night_of, noon_ms
from legwatch_server.history.lines import night_line
from legwatch_server.store.records import StoredNotice, WindowRecord

IDLE_MS = 120_000  # an ended night is written once no window of its bed came for this long


@dataclass(slots=True)
class Tally:
    """The figures of one bed's night so far."""

    night: int  # ordinal of the date
    windows: int = 0
    in_bed_s: float = 0.0
    cold_s: float = 0.0
    moves: int = 0
    pushed: int = 0
    last_ms: int = 0
    arrived_ms: int = 0
    written: bool = False


@dataclass(slots=True)
class Nights:
    """The current night of every bed; the cursor file stores it."""

    open: dict[str, Tally] = field(default_factory=dict)

    def window(self, row: WindowRecord, rules: Rules) -> list[str]:
        """Count a window; return the line of the night before, if this window ends that night."""
        tally, done = self._of(row.bed, row.to_ms, rules)
        since_s = (row.to_ms - tally.last_ms) / 1000 if tally.last_ms else 10.0
        length_s = since_s if 0 < since_s <= 60 else 10.0
        tally.windows += 1
        tally.in_bed_s += length_s if row.in_bed else 0.0
        tally.cold_s += length_s if row.leg_c is not None and row.leg_c < rules.warmth.warn_c else 0
        tally.moves += row.moves or 0
        tally.last_ms = max(tally.last_ms, row.to_ms)
        tally.arrived_ms = max(tally.arrived_ms, row.arrived_ms)
        tally.written = False
        return done

    def notice(self, row: StoredNotice, rules: Rules) -> list[str]:
        """Count a notice that people were notified of; return lines as `window` does."""
        tally, done = self._of(row.bed, row.notice.at_ms, rules)
        tally.pushed += row.notice.suppressed_by is None
        tally.written = False
        return done

    def over(self, now_ms: int, idle_ms: int, rules_of: Callable[[str], Rules]) -> list[str]:
        """Return the lines of ended nights whose beds have sent no window for `idle_ms`."""
        done = []
        for bed, tally in self.open.items():
            zone = rules_of(bed).zone
            ended = night_of(now_ms, zone).toordinal() > tally.night
            if ended and not tally.written and now_ms - tally.arrived_ms >= idle_ms:
                done.append(_line(bed, tally, zone))
                tally.written = True
        return done

    def _of(self, bed: str, at_ms: int, rules: Rules) -> tuple[Tally, list[str]]:
        night = night_of(at_ms, rules.zone).toordinal()
        tally = self.open.get(bed)
        if tally is not None and night <= tally.night:
            return tally, []
        done = [] if tally is None or tally.written else [_line(bed, tally, rules.zone)]
        self.open[bed] = tally = Tally(night)
        return tally, done


def _line(bed: str, tally: Tally, zone: tzinfo) -> str:
    begin_ms = noon_ms(date.fromordinal(tally.night), zone)
    figures = {
        "windows": tally.windows,
        "in_bed_min": round(tally.in_bed_s / 60, 1),
        "cold_min": round(tally.cold_s / 60, 1),
        "moves": tally.moves,
        "pushed": tally.pushed,
    }
    return night_line(bed, begin_ms, figures)
