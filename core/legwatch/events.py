"""What the engine is told. Every event carries its own time: `at_ms`, UTC milliseconds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ClockTrust(StrEnum):
    """How far a window's own time can be trusted."""

    SYNCED = "synced"  # the Pi's clock was set by a time server
    UNSYNCED = "unsynced"  # no time server yet: the server places the window by its arrival
    PLAYED = "played"  # a recording or a simulation: its own time line, never the wall clock's


class Window(NamedTuple):
    """What one bed's sensors saw from `from_ms` to `to_ms`; `None` is unknown, never zero.

    A NamedTuple, not a dataclass: one is built for every message, and three times faster.
    """

    boot: str  # 8 hex digits, new at every start of the agent
    seq: int  # 1, 2, 3 ... within a boot
    from_ms: int  # UTC, inclusive
    to_ms: int  # UTC, exclusive
    mono_ms: int  # the agent's monotonic clock at `to_ms`
    clock: str  # a Clock value
    leg_c: float | None = None  # air by the legs
    leg_rh: float | None = None  # relative humidity, percent
    room_c: float | None = None
    room_rh: float | None = None
    moves: int | None = None  # edges of the movement line counted; 0 is "watched, none seen"
    in_bed: bool | None = None  # from a mat, where there is one
    faults: tuple[tuple[str, str], ...] = ()  # (sensor, what was wrong), sorted
    low: int | None = None  # the oldest seq of this boot that the agent still holds
    age_ms: int | None = None  # how long it waited in the agent before this sending
    moved_s: float | None = None  # seconds in which the debounced line moved or was active
    active_s: float | None = None  # seconds in which it was active, 0..the window's length

    @property
    def at_ms(self) -> int:
        """The time at which the window is known: its end."""
        return self.to_ms


class AlertKind(StrEnum):
    """What an alert is about; each has its own life and its own snooze."""

    COLD = "cold"
    STILL = "still"
    SENSOR = "sensor"
    AGENT = "agent"


BODY_KINDS = (AlertKind.COLD, AlertKind.STILL)  # the others say that legwatch cannot see


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen it: the episode stays quiet until it is over. `kind` None is every kind.

    `episode_ms` names one episode of the kind: a late answer does not quiet the next one. Without
    one it answers what had begun at `at_ms`, and nothing younger. Not `useful`: seen as well, and
    it need not have been said.
    """

    at_ms: int
    kind: AlertKind | None = None
    episode_ms: int | None = None
    useful: bool = True


@dataclass(frozen=True, slots=True)
class Snooze:
    """Be quiet about one kind until `until_ms`.

    `kind` None is the warnings of every kind: what is urgent, and "I cannot see you", is said.
    With `episode_ms` it belongs to one episode and ends with it, as an acknowledgement does.
    `standing`: only what had begun at `at_ms` is meant; so a button answers what it has heard.
    """

    at_ms: int
    kind: AlertKind | None
    until_ms: int
    standing: bool = False
    episode_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come to `at_ms`; nothing else is known."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Away:
    """Nobody could listen until `at_ms`: that no window came says nothing about the agent."""

    at_ms: int


Event = Window | Ack | Snooze | Tick | Away
