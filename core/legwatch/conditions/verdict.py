"""Verdicts: the answer of a rule for one minute (yes with a severity, no, unknown), and why."""

from enum import IntEnum, StrEnum
from functools import cache
from typing import NamedTuple

Figures = tuple[tuple[str, float | int | str | None], ...]


class Severity(StrEnum):
    """How serious an alert is. LOG is only stored, never pushed."""

    LOG = "log"
    WARNING = "warning"
    URGENT = "urgent"


class Reason(StrEnum):
    """Why a verdict or a notice says what it says."""

    UNCOVERED = "uncovered"
    COOLED = "cooled"
    COLD_START = "cold_start"
    COLD_ROOM = "cold_room"
    DRAUGHT = "draught"
    NOT_ANSWERED = "not_answered"
    STILL_TOO_LONG = "still_too_long"
    COLD_AND_STILL = "cold_and_still"
    WARM_AGAIN = "warm_again"
    WARMING = "warming"
    OFF_OR_EMPTY = "off_or_empty"
    COLD_AGAIN = "cold_again"
    WARM_ROOM = "warm_room"
    MOVED = "moved"
    LEFT_BED = "left_bed"
    NO_READINGS = "no_readings"
    IMPLAUSIBLE = "implausible"
    STUCK = "stuck"
    DISPLACED = "slipped"
    MOVEMENT_MISSING = "movement_missing"
    MOVEMENT_SILENT = "movement_silent"
    MOVEMENT_QUIET = "movement_quiet"
    MOVEMENT_NOISY = "movement_noisy"
    LAIN_UPON = "lain_upon"
    NOT_IN_BED = "not_in_bed"
    EXCHANGED = "exchanged"
    ROOM_WARMED = "room_warmed"
    COMES_AND_GOES = "comes_and_goes"
    MAT_DISAGREES = "mat_disagrees"
    MAT_MISSING = "mat_missing"
    SETTLING = "settling"
    PRESENCE_UNSURE = "presence_unsure"
    AGENT_SILENT = "agent_silent"
    NEVER_HEARD = "never_heard"
    BEDSIDE_GONE = "bedside_gone"
    WINDOWS_LOST = "windows_lost"
    WINDOWS_UNREAD = "windows_unread"
    NEWER_VERSION = "newer_version"
    TWO_BEDSIDES = "two_bedsides"
    SENSOR_MUTE = "sensor_mute"
    NEVER_WARNS = "never_warns"
    NO_SENSOR = "no_sensor"
    MEMORY_LOST = "memory_lost"
    NOTHING_KEPT = "nothing_kept"
    NO_BROKER = "no_broker"
    NOTHING_ARRIVES = "nothing_arrives"
    NOT_JUDGED = "not_judged"
    NO_PUSH_LEAVES = "no_push_leaves"
    SHARED_NAME = "shared_name"
    NOT_LISTENING = "not_listening"
    BACK = "back"
    NOT_EXPECTED = "not_expected"
    NOT_WATCHED = "not_watched"
    BY_PERSON = "by_person"
    NOT_USEFUL = "not_useful"
    SNOOZE_OVER = "snooze_over"
    WARNINGS_ONLY = "warnings_only"
    DAMP_BED = "damp_bed"
    COLD_EVENING = "cold_evening"
    OUT_OF_BED = "out_of_bed"
    FOOT_BARE = "foot_bare"
    FOOT_WARM = "foot_warm"
    FOOT_COVERED = "foot_covered"
    ANKLE_BLIND = "ankle_blind"
    LIT_AT_BED = "lit_at_bed"
    HEARD_AT_BED = "heard_at_bed"
    ANSWERED_AT_BED = "answered_at_bed"
    OVER_AT_BED = "over_at_bed"


class Rule(NamedTuple):
    """The limit that decided: its dotted path, such as `warmth.warn_c`, and its value."""

    path: str
    value: float

    def __str__(self) -> str:
        return f"{self.path} = {self.value:g}"


class TriState(IntEnum):
    """The answer of a rule; UNKNOWN neither fires nor resolves an alert."""

    NO = 0
    YES = 1
    UNKNOWN = 2


# Every minute asks for them, and to look a member up is slow.
YES, NO, UNKNOWN = TriState.YES, TriState.NO, TriState.UNKNOWN


class Verdict(NamedTuple):
    """The answer of a rule; all but `holds` and `reason` count only with YES.

    `rule` is the limit that decided, and `evidence` the figures by which it decided, if it did not
    compare a figure that every notice of the alert has.
    """

    holds: TriState
    reason: Reason
    severity: Severity = Severity.LOG
    since_ms: int | None = None  # since when; None: not true now, but the alert is not over
    rule: Rule | None = None
    evidence: Figures = ()
    ending: bool = False  # what began it is gone; if that lasts, the alert is over
    warming: bool = False  # the legs become warm again
    again: bool = False  # they had become warm, and are cold again


class Firing(NamedTuple):
    """The firing alert of a condition, as far as the next verdict depends on it."""

    severity: Severity
    reason: Reason | None
    fired_ms: int | None


RANK = {Severity.LOG: 1, Severity.WARNING: 2, Severity.URGENT: 3}


def no(reason: Reason) -> Verdict:
    """Return a NO verdict."""
    return Verdict(TriState.NO, reason)


@cache
def unknown(reason: Reason) -> Verdict:
    """Return an UNKNOWN verdict: data are missing or doubtful."""
    return Verdict(TriState.UNKNOWN, reason)


# The verdicts of most minutes, made once to save time.
WARM = no(Reason.WARM_AGAIN)
COVERED = no(Reason.WARMING)
MOVED = no(Reason.MOVED)
WELL = no(Reason.BACK)
LEFT_BED = no(Reason.LEFT_BED)


def yes(
    severity: Severity,
    reason: Reason,
    since_ms: int | None,
    rule: Rule | None = None,
    evidence: Figures = (),
) -> Verdict:
    """Return a YES verdict; `since_ms` None: a firing alert goes on, without a new reason."""
    return Verdict(TriState.YES, reason, severity, since_ms, rule=rule, evidence=evidence)
