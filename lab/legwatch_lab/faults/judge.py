"""Judge what was said in a night with a fault over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from legwatch_lab.faults.laid import Laid, true_ms
from legwatch_lab.faults.night import MINUTE_MS, BedNight
from legwatch_lab.score import cold, still
from legwatch_lab.score.alert import AlertSpan
from legwatch_lab.truth import NightTruth
from legwatch_runtime.profiles import rules_for

SPEAKS = ("fired", "raised", "repeated")
BEGINS = ("fired", "raised")
ENDS = ("resolved", "unknown")
REPORTED = "reported"
ABOUT_DATA = ("sensor", "agent")
PUSHED = (None, "waiting", "quietly")  # the last two are pushed without a sound
# Whom a reason names, where the figures do not.
NAMES = {
    "stuck": "leg",
    "slipped": "leg",
    "no_readings": "leg",
    "implausible": "leg",
    "presence_unsure": "presence",
}
ALIASES = {"mat": "presence", "in_bed": "presence"}


class Said(NamedTuple):
    """One notice, as `legwatch replay` writes it."""

    at_ms: int
    kind: str
    what: str
    level: str
    reason: str
    held: str | None
    about: str  # the sensor that it names

    @property
    def pushed(self) -> bool:
        """Return True if people get it."""
        return self.held in PUSHED and (self.level != "log" or self.what == REPORTED)

    @property
    def sounds(self) -> bool:
        """Return True if it makes a sound."""
        return self.held is None and self.what in SPEAKS and self.level != "log"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one night with one fault, in one build; times are minutes."""

    caught: bool | None  # None: nothing to catch
    told: bool  # of a sensor or the agent, in time
    told_min: float | None  # after the begin of the fault, or after bedtime
    reason: str  # of what was told first
    about: str  # the sensor that it names
    signs: int  # false first signs
    sounds: int  # false sounds
    urgent: int  # of them urgent
    back: int  # "I can see you again" while the fault lasts
    still: int  # false still alerts
    notices: int  # pushed notices about sensors and agent
    body: bool  # a still alert was pushed


def judged(night: BedNight, laid: Laid, notices: Sequence[Mapping[str, Any]]) -> Outcome:
    """Judge the notices of a night."""
    heard = (read(notice) for notice in notices)
    said = [one._replace(at_ms=true_ms(laid, one.at_ms)) for one in heard]
    truth = laid.truth or night.truth
    end_ms = night.bare.to_ms if night.bare else night.end_ms
    told = _told(said, laid.from_ms, end_ms)
    false = [one for one in said if one.sounds and _false(truth, one)]
    data = [one for one in said if one.kind in ABOUT_DATA]
    stills = [one for one in said if one.kind == "still" and one.what in BEGINS and one.pushed]
    return Outcome(
        caught=_caught(truth, night, said),
        told=told is not None,
        told_min=_minutes(told, max(laid.from_ms, night.bed_ms)),
        reason=told.reason if told else "",
        about=told.about if told else "",
        signs=sum(not cold.is_truly_cold(truth, span.at_ms) for span in spans(said, "cold")),
        sounds=len(false),
        urgent=sum(one.level == "urgent" for one in false),
        back=sum(_is_back(one, laid) for one in data),
        still=sum(_false(truth, one) for one in stills),
        notices=sum(one.held in PUSHED and (one.pushed or one.what in ENDS) for one in data),
        body=bool(stills),
    )


def read(notice: Mapping[str, Any]) -> Said:
    """Read a notice of `legwatch replay`."""
    figures = notice["figures"]
    return Said(
        at_ms=round(datetime.fromisoformat(notice["at"]).timestamp() * 1000),
        kind=notice["kind"],
        what=notice["what"],
        level=notice["level"],
        reason=notice["reason"],
        held=notice["held"],
        about=_named(notice["kind"], notice["reason"], str(figures.get("sensor") or "")),
    )


def spans(said: Sequence[Said], kind: str) -> list[AlertSpan]:
    """Return the alerts of a kind, from the warning to the end."""
    found: list[AlertSpan] = []
    stands = False
    for one in said:
        if one.kind != kind:
            continue
        if one.what in ENDS and stands:
            found[-1], stands = found[-1]._replace(end_ms=one.at_ms), False
        elif one.what in SPEAKS and one.level != "log" and not stands:
            found.append(AlertSpan(kind, one.at_ms, one.level, one.reason, ""))
            stands = True
    return found


def _caught(truth: NightTruth, night: BedNight, said: Sequence[Said]) -> bool | None:
    if night.bare is None:
        return None
    found = cold.uncovering_outcomes(truth, spans(said, "cold"))
    # An absence shortly before can take it out of those that count: the bed has to warm again.
    return next((one.caught for one in found if one.from_ms == night.bare.from_ms), None)


def _told(said: Sequence[Said], from_ms: int, to_ms: int) -> Said | None:
    """Return what stood of a sensor or the agent when the fault began, or was told first then."""
    standing: dict[str, Said] = {}
    for one in said:
        if one.kind not in ABOUT_DATA or one.at_ms > to_ms:
            continue
        speaks = one.pushed and one.what in SPEAKS
        if one.at_ms >= from_ms:
            if standing:
                break
            if speaks or one.what == REPORTED:
                return one
        elif one.what in ENDS:
            standing.pop(one.kind, None)
        elif speaks:
            standing.setdefault(one.kind, one)
    return next(iter(standing.values()), None)


def _false(truth: NightTruth, one: Said) -> bool:
    """Return True for an alert on the sleeper without its cause."""
    if one.kind == "cold":
        return not cold.is_truly_cold(truth, one.at_ms)
    if one.kind == "still":
        return not still.is_truly_still(truth, one.at_ms, _limits()[one.level])
    return False


def _is_back(one: Said, laid: Laid) -> bool:
    return one.what == "resolved" and one.reason == "back" and laid.from_ms < one.at_ms < laid.to_ms


def _named(kind: str, reason: str, sensor: str) -> str:
    if kind == "agent":
        return kind
    named = sensor or NAMES.get(reason) or reason.split("_", 1)[0]
    return ALIASES.get(named, named)


def _minutes(told: Said | None, from_ms: int) -> float | None:
    return None if told is None else round((told.at_ms - from_ms) / MINUTE_MS, 1)


@cache
def _limits() -> Mapping[str, int]:
    return still.by_severity_s(rules_for("standard", {}, UTC))
