"""The events that the engine takes. Each has its own time: `at_ms`, UTC milliseconds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ClockTrust(StrEnum):
    """How far the time in a window can be trusted."""

    SYNCED = "synced"  # the Pi's clock was set by a time server
    UNSYNCED = "unsynced"  # no time server yet: the server places it by `mono_ms`
    PLAYED = "played"  # a recording or a simulation: its times are not the present time


PLAYED = ClockTrust.PLAYED.value  # as a window has it: every one is asked, and a member is slow


class Window(NamedTuple):
    """The readings of one bed's sensors from `from_ms` to `to_ms`; None is unknown, never zero.

    A NamedTuple, because every message needs one: a frozen dataclass takes three times as long.
    """

    boot: str  # 8 hex digits, new at every start of the agent
    seq: int  # 1, 2, 3 ... within a boot
    from_ms: int  # UTC, inclusive
    to_ms: int  # UTC, exclusive
    mono_ms: int  # the agent's monotonic clock at `to_ms`
    clock: str  # a ClockTrust value
    leg_c: float | None = None  # air by the legs
    leg_rh: float | None = None  # relative humidity, percent
    room_c: float | None = None
    room_rh: float | None = None
    moves: int | None = None  # edges on the movement line; 0: the sensor worked and nothing moved
    in_bed: bool | None = None  # from a mat, where there is one
    faults: tuple[tuple[str, str], ...] = ()  # (sensor, fault), sorted
    low: int | None = None  # the oldest seq of this boot that the agent still holds
    age_ms: int | None = None  # how long the window waited in the agent
    moved_s: float | None = None  # seconds in which the debounced line moved or was held
    active_s: float | None = None  # seconds in which it was active, 0..the window's length
    others: tuple[tuple[str, float], ...] = ()  # (wire field, value) of roles that few beds have

    @property
    def at_ms(self) -> int:
        """The time of the event: the end of the window."""
        return self.to_ms


class AlertKind(StrEnum):
    """What an alert is about. Each kind has its own state and its own snooze."""

    COLD = "cold"
    STILL = "still"
    SENSOR = "sensor"
    AGENT = "agent"


class FactKind(StrEnum):
    """What a fact of a night is about. It is told once, is no alert, and asks for no answer."""

    DAMP = "damp"  # the air in the bed was damp for long
    ROOM = "room"  # the room is cold before bed
    OUT = "out"  # the bed has been empty for long in the night


NoticeKind = AlertKind | FactKind


def notice_kind(text: str) -> NoticeKind:
    """Return the kind that a record names; raises ValueError for any other word."""
    return FactKind(text) if text in set(FactKind) else AlertKind(text)


BODY_KINDS = (AlertKind.COLD, AlertKind.STILL)  # the other kinds say that data are missing


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen an alert: it stays quiet until it is over. `kind` None is every kind.

    `episode_ms` names one episode, so that a late answer does not silence the next episode. Without
    `episode_ms` the answer is for all alerts that had fired by `at_ms`. `useful` False: the person
    says, too, that the notification was of no use.
    """

    at_ms: int
    kind: AlertKind | None = None
    episode_ms: int | None = None
    useful: bool = True


@dataclass(frozen=True, slots=True)
class Snooze:
    """Send no notifications of one kind until `until_ms`.

    `kind` None: no warnings of cold and still; urgent, sensor and agent alerts notify as always.
    With `episode_ms` the snooze ends with this episode. `standing`: the snooze is only for alerts
    that had fired by `at_ms`, since a press cannot be meant for a later alert.
    """

    at_ms: int
    kind: AlertKind | None
    until_ms: int
    standing: bool = False
    episode_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """The time is `at_ms`; there is no new reading."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Away:
    """The server could not receive until `at_ms`: missing windows say nothing about the agent."""

    at_ms: int


Event = Window | Ack | Snooze | Tick | Away
