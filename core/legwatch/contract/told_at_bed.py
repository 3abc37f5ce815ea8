"""What a bedside has told its sleeper by itself, while the server was silent; JSON bytes.

It goes the way of a press, on the topic `event`: it waits in the spool, and counts once by its id.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from legwatch.contract.fields import CLOCKS, LATEST_MS, VERSION, dump, maybe_whole, whole
from legwatch.contract.press import is_press_id
from legwatch.errors import WireError
from legwatch.events import AlertKind, ClockTrust

LEVELS = ("log", "warning", "urgent")


class AtBed(StrEnum):
    """One step of what was told."""

    LAMP = "lamp"  # the lamp was lit
    BUZZER = "buzzer"  # the buzzer has beeped, and the lamp was lit if there is one
    ANSWERED = "answered"  # somebody has pressed the button for it
    OVER = "over"  # the alert was over, and the lamp went out


@dataclass(frozen=True, slots=True)
class ToldAtBed:
    """One step of one alert of the bedside's own. A repeated message has the same `id`.

    `episode_ms`: when the alert fired, by the bedside. `clock` says how far `at_ms` can be trusted;
    `age_ms` is how long the message waited in the agent.
    """

    id: str
    what: AtBed
    kind: AlertKind
    at_ms: int
    level: str  # one of LEVELS
    episode_ms: int
    clock: str = ClockTrust.SYNCED.value
    age_ms: int | None = None


def told_of(body: dict[str, Any]) -> ToldAtBed:
    """Return the step that a JSON object tells of; raises WireError."""
    ident, clock = body.get("id"), body.get("clock", ClockTrust.SYNCED.value)
    if not is_press_id(ident):
        raise WireError("id: 1-64 letters, digits and - are expected")
    return ToldAtBed(
        id=ident,
        what=AtBed(_one_of(body.get("told"), "told", tuple(AtBed))),
        kind=AlertKind(_one_of(body.get("kind"), "kind", tuple(AlertKind))),
        at_ms=whole(body, "at_ms", 0, LATEST_MS),
        level=_one_of(body.get("level"), "level", LEVELS),
        episode_ms=whole(body, "episode_ms", 0, LATEST_MS),
        clock=_one_of(clock, "clock", tuple(sorted(CLOCKS))),
        age_ms=maybe_whole(body, "age_ms", 0, 2**53),
    )


def encode_told(told: ToldAtBed) -> bytes:
    """Return the JSON of one step."""
    body: dict[str, Any] = {
        "v": VERSION,
        "id": told.id,
        "told": told.what.value,
        "kind": told.kind.value,
        "at_ms": told.at_ms,
        "level": told.level,
        "episode_ms": told.episode_ms,
    }
    if told.clock != ClockTrust.SYNCED:
        body["clock"] = told.clock
    if told.age_ms is not None:
        body["age_ms"] = told.age_ms
    return dump(body)


def _one_of(value: object, key: str, known: tuple[str, ...]) -> str:
    if type(value) is not str or value not in known:
        raise WireError(f"{key}: one of {', '.join(known)} is expected")
    return value
