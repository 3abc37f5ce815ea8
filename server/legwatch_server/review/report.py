"""Report on one bed's nights: the nights, the proposed limits and the lines for the settings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from legwatch.events import BODY_KINDS, Window
from legwatch.limits.rules import Rules, limit
from legwatch.night import night_of, noon_ms
from legwatch_server.review.nights import ReviewedNight, nights
from legwatch_server.review.proposal import (
    MOST_MIN,
    WEEK,
    ColdProposal,
    calmer,
    still_limit_min,
    with_limits,
)
from legwatch_server.review.trial import TrialStatus
from legwatch_server.store.port import Reader

FURTHER = 3  # search up to this many times `wanted` nights back, if the bed was empty on some
WARN = "stillness.warn_s"
Watched = Callable[[Iterable[Window]], Iterable[Window]]


@dataclass(frozen=True, slots=True)
class Review:
    """One bed's report; `proposed` are the nights under `limits`, None without a proposal."""

    bed: str
    quiet: TrialStatus | None
    nights: Sequence[ReviewedNight]
    remarks: Sequence[str]
    proposed: Sequence[ReviewedNight] | None = None
    limits: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class PastNights:
    """Replays the last `wanted` nights of a bed that count."""

    reader: Reader
    bed_id: int
    rules: Rules
    wanted: int
    watched: Watched  # wraps the windows, to show the progress
    since_id: int = 0

    def present(self) -> list[ReviewedNight]:
        """Return the nights under the present rules, oldest first."""
        span = self.reader.span(self.bed_id)
        if span is None:
            return []
        last = night_of(span.last_ms, self.rules.zone)
        found: list[ReviewedNight] = []
        for times in range(1, FURTHER + 1):
            first = last - timedelta(days=times * self.wanted - 1)
            since_ms = noon_ms(first, self.rules.zone)
            self.since_id = self.reader.first_window(self.bed_id, since_ms)
            found = self._replay(self.rules)
            enough = sum(night.counts for night in found) >= self.wanted
            if enough or span.first_ms >= since_ms:
                break
        return self._last(found)

    def under(self, rules: Rules) -> list[ReviewedNight]:
        """Return the nights of `present` under other rules; call `present` first."""
        return self._last(self._replay(rules))

    def _replay(self, rules: Rules) -> list[ReviewedNight]:
        windows = self.reader.windows(self.bed_id, self.since_id)
        return nights(self.watched(windows), rules)

    def _last(self, found: Sequence[ReviewedNight]) -> list[ReviewedNight]:
        counting = [place for place, night in enumerate(found) if night.counts]
        return list(found[counting[-self.wanted] :] if len(counting) >= self.wanted else found)


def report(
    bed: str, past: PastNights, quiet: TrialStatus | None, lowest_c: dict[str, float]
) -> Review:
    """Replay a bed's nights and return the report, with proposals after WEEK nights."""
    present, rules = past.present(), past.rules
    slept = [night for night in present if night.counts]
    if len(slept) < WEEK:
        why = f"not enough nights to say: {len(slept)} of {WEEK}"
        return Review(bed, quiet, present, (why,))
    limits, remarks = _stillness(slept, rules)
    base = with_limits(rules, limits)
    replayed: dict[Rules, Sequence[ReviewedNight]] = {}

    def nights_by(other: Rules) -> Sequence[ReviewedNight]:
        if other == base:
            return present  # the stillness limit changes no cold alert
        if other not in replayed:
            replayed[other] = past.under(other)
        return replayed[other]

    cold = calmer(nights_by, base, lowest_c)
    limits |= cold.limits
    remarks += _cold(cold, rules)
    if not limits:
        return Review(bed, quiet, present, remarks)
    proposed = nights_by(with_limits(base, cold.limits)) if cold.limits else past.under(base)
    return Review(bed, quiet, present, remarks, proposed=proposed, limits=limits)


def _stillness(slept: Sequence[ReviewedNight], rules: Rules) -> tuple[dict[str, float], list[str]]:
    if rules.care.warn_s or rules.care.urgent_s:
        return {}, ["stillness: a care plan holds, and only its carer changes it"]
    gaps = [night.still_min for night in slept if night.still_min is not None]
    if len(gaps) < WEEK:
        few = f"{len(gaps)} of {WEEK} with a movement sensor that was seen to work"
        return {}, [f"stillness: not enough nights to say: {few}"]
    limit_min, now_s = still_limit_min(gaps), rules.stillness.warn_s
    if limit_min * 60 == now_s:
        return {}, [f"stillness: the usual limit fits ({limit_min} min)"]
    now = f"now {now_s // 60} min" if now_s else "now off: taking it over switches it on"
    most = ", the most that is proposed" if limit_min == MOST_MIN else ""
    found = f"a warning after {limit_min} min fits{most} ({now})"
    return {WARN: limit_min * 60}, [f"stillness: longest gap {max(gaps)} min; {found}"]


def _cold(cold: ColdProposal, rules: Rules) -> list[str]:
    many = "alert" if cold.before == 1 else "alerts"
    alerts = f"{cold.before} {many} of a bed that cooled slowly or did not warm"
    if cold.fits:
        return [f"cold: the usual limits fit ({alerts})"]
    if not cold.settled:
        more = (
            "such readings are unusual: see whether the sensor lies where it should; a professional"
        )
        return [f"cold: {alerts}; lower limits still leave {cold.after}; {more} can help"]
    lower = ", ".join(f"{k} {c:g} (now {limit(rules, k):g})" for k, c in cold.limits.items())
    return [f"cold: {alerts}; with {lower}: {cold.after}"]


def to_paste(report: Review, *, profile_rules: bool) -> Iterator[str]:
    """Yield lines for the settings file; `profile_rules`: the bed already has a rules table."""
    yield f"[beds.{report.bed}.rules]" + ("    # there already: only add the lines" * profile_rules)
    yield from (f'"{path}" = {value}' for path, value in rounded(report).items())


def rounded(report: Review) -> dict[str, float]:
    """Return the proposed limits as they are written: seconds are whole, temperatures to 0.1 °C."""
    return {
        path: round(value) if path == WARN else round(value, 1)
        for path, value in report.limits.items()
    }


def as_table(report: Review) -> dict[str, Any]:
    """Return the report as the JSON object of --json."""
    quiet = report.quiet
    after = {night.date: night for night in report.proposed or ()}
    return {
        "bed": report.bed,
        "learning": quiet and {"night": quiet.night, "of": quiet.of, "left": quiet.left},
        "nights": [_row(night, after.get(night.date)) for night in report.nights],
        "proposals": report.limits,
        "remarks": list(report.remarks),
    }


def _row(night: ReviewedNight, proposed: ReviewedNight | None) -> dict[str, Any]:
    low_c, high_c = night.usual_c or (None, None)
    return {
        "night": night.date.isoformat(),
        "counts": night.counts,
        "in_bed_h": round(night.in_bed_min / 60, 1),
        "leg_low_c": low_c,
        "leg_high_c": high_c,
        "longest_still_min": night.still_min,
        "alerts": {kind.value: night.count(kind) for kind in BODY_KINDS},
        "proposed_alerts": proposed and {kind.value: proposed.count(kind) for kind in BODY_KINDS},
    }
