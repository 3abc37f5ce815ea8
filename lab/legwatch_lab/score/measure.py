"""The measures of the report: each is a ratio of two sums over nights, or a quantile."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from legwatch_lab.score.health import FaultOutcome
from legwatch_lab.score.night import ScoredNight, SystemResult

FAULT_KINDS = (
    "empty_bed",
    "dead_leg",
    "stuck_leg",
    "displaced",
    "dead_movement",
    "agent_off",
    "dead_room",
)
DEAD_KINDS = ("dead_leg", "stuck_leg", "dead_movement")
LONG_MS = 30 * 60_000  # a shorter fault may be over before it needs an alert


@dataclass(frozen=True, slots=True)
class Share:
    """A ratio of two sums over nights; `count` returns both parts for one night."""

    key: str
    label: str
    unit: str  # "%" or "a night"
    count: Callable[[ScoredNight, SystemResult], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of all the values of all nights."""

    key: str
    label: str
    unit: str
    quantile: float
    values: Callable[[ScoredNight, SystemResult], Iterable[float | None]]


Measure = Share | Quantile


def _caught(_night: ScoredNight, side: SystemResult) -> tuple[float, float]:
    return sum(b.caught for b in side.uncoverings), len(side.uncoverings)


def _feet(_night: ScoredNight, side: SystemResult) -> tuple[float, float]:
    return sum(b.caught for b in side.feet), len(side.feet)


def _delays(_night: ScoredNight, side: SystemResult) -> list[float | None]:
    return [b.delay_min for b in side.uncoverings]


def _sounds(_night: ScoredNight, side: SystemResult) -> list[float | None]:
    return [b.sound_min for b in side.uncoverings]


def _alerts(
    *kinds: str, true: bool | None = None, normal: bool = False
) -> Callable[[ScoredNight, SystemResult], tuple[float, float]]:
    def count(night: ScoredNight, side: SystemResult) -> tuple[float, float]:
        if normal and not night.normal:
            return 0, 0
        return side.count(*kinds, true=true), 1

    return count


def _false_health(night: ScoredNight, side: SystemResult) -> tuple[float, float]:
    return (0, 0) if night.faulty else (side.count("sensor", "agent"), 1)


def _fault_nights(night: ScoredNight, side: SystemResult) -> tuple[float, float]:
    return (any(j.of_fault for j in side.alerts), 1) if night.kind in FAULT_KINDS else (0, 0)


def _told(
    which: Callable[[FaultOutcome], bool], *, soon: bool = False
) -> Callable[[ScoredNight, SystemResult], tuple[float, float]]:
    def count(_night: ScoredNight, side: SystemResult) -> tuple[float, float]:
        mine = [outcome for outcome in side.faults if which(outcome)]
        return sum(outcome.soon if soon else outcome.told for outcome in mine), len(mine)

    return count


def _dead_nights(night: ScoredNight, side: SystemResult) -> tuple[float, float]:
    mine = [outcome for outcome in side.faults if outcome.plain and outcome.heard]
    if night.kind not in DEAD_KINDS or not mine:
        return 0, 0
    return all(outcome.soon for outcome in mine), 1


def _long_sensor(outcome: FaultOutcome) -> bool:
    return outcome.plain and outcome.heard and outcome.to_ms - outcome.from_ms >= LONG_MS


def _long_agent(outcome: FaultOutcome) -> bool:
    return outcome.sensor == "agent" and outcome.to_ms - outcome.from_ms >= LONG_MS


def _fault_delays(_night: ScoredNight, side: SystemResult) -> list[float | None]:
    return [outcome.delay_min for outcome in side.faults if outcome.plain]


def _leads(_night: ScoredNight, side: SystemResult) -> list[float | None]:
    return [crossing.lead_min for crossing in side.skin.crossings]


def _crossed(_night: ScoredNight, side: SystemResult) -> tuple[float, float]:
    leads = [crossing.lead_min for crossing in side.skin.crossings]
    return sum(lead is not None for lead in leads), len(leads)


MEASURES: tuple[tuple[str, tuple[Measure, ...]], ...] = (
    (
        "Uncovered legs, 30 min or longer",
        (
            Share("caught", "caught", "%", _caught),
            Quantile("delay", "delay to the alert, median", "min", 0.5, _delays),
            Quantile("delay_p90", "delay to the alert, 90th percentile", "min", 0.9, _delays),
            Quantile("sound", "delay to the first sound, median", "min", 0.5, _sounds),
            Quantile("sound_p90", "delay to the first sound, 90th percentile", "min", 0.9, _sounds),
            Share("feet", "feet alone: caught", "%", _feet),
        ),
    ),
    (
        "Cold alerts",
        (
            Share("cold", "all", "a night", _alerts("cold")),
            Share("false_cold", "false", "a night", _alerts("cold", true=False)),
        ),
    ),
    (
        "Cold leg skin in bed",
        (
            Share(
                "skin_28",
                "minutes below 28 C with an alert standing",
                "%",
                lambda _, s: (s.skin.cold_told_min, s.skin.cold_min),
            ),
            Share(
                "skin_26",
                "minutes below 26 C with an alert standing",
                "%",
                lambda _, s: (s.skin.very_cold_told_min, s.skin.very_cold_min),
            ),
            Share("crossings", "crossings of 28 C told within 60 min", "%", _crossed),
            Quantile("lead", "told before the crossing, median", "min", 0.5, _leads),
        ),
    ),
    (
        "Still alerts",
        (
            Share("still", "all", "a night", _alerts("still")),
            Share("false_still", "false", "a night", _alerts("still", true=False)),
            Share("still_normal", "normal sleepers", "a night", _alerts("still", normal=True)),
            Share(
                "false_still_normal",
                "normal sleepers, false",
                "a night",
                _alerts("still", true=False, normal=True),
            ),
        ),
    ),
    (
        "Faults",
        (
            Share("fault_nights", "fault nights with a body alert", "%", _fault_nights),
            Share("faults", "sensor faults told", "%", _told(lambda f: f.plain)),
            Share(
                "faults_long",
                "of 30 min or longer, sensor heard before",
                "%",
                _told(_long_sensor),
            ),
            Share(
                "faults_long_soon",
                "of these, told within 10 min",
                "%",
                _told(_long_sensor, soon=True),
            ),
            Share(
                "dead_nights",
                "dead or stuck: nights told within 10 min",
                "%",
                _dead_nights,
            ),
            Share(
                "faults_soon",
                "sensor faults told within 10 min",
                "%",
                _told(lambda f: f.plain, soon=True),
            ),
            Quantile("fault_delay", "delay of that, median", "min", 0.5, _fault_delays),
            Share(
                "displaced", "displaced sensor told", "%", _told(lambda f: f.what == "displaced")
            ),
            Share("agent", "silent agent of 30 min or longer told", "%", _told(_long_agent)),
            Share("false_health", "false health alerts", "a night", _false_health),
        ),
    ),
    (
        "Sounds",
        (
            Share("wakes", "wake-ups", "a night", lambda _, s: (len(s.wakes), 1)),
            Share("quiet", "nights without one", "%", lambda _, s: (not s.wakes, 1)),
        ),
    ),
    (
        "Early signs",
        (
            Share("signs", "all", "a night", lambda _, s: (len(s.signs), 1)),
            Share(
                "sign_hits",
                "followed by what they announce",
                "%",
                lambda _, s: (sum(sign.hit for sign in s.signs), len(s.signs)),
            ),
            Share(
                "sign_misses",
                "true cold alerts without one before",
                "%",
                lambda _, s: (sum(x is None for x in s.sign_leads_min), len(s.sign_leads_min)),
            ),
            Quantile(
                "sign_lead", "before the alert, median", "min", 0.5, lambda _, s: s.sign_leads_min
            ),
        ),
    ),
)


def of(key: str) -> Measure:
    """Return a measure by its key."""
    return next(m for _, group in MEASURES for m in group if m.key == key)


def total(measure: Share, nights: Sequence[ScoredNight], side: str) -> tuple[float, float]:
    """Return both sums of a share."""
    pairs = [measure.count(night, night.sides[side]) for night in nights]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
