"""The exercises at the bed: what each sensor has to show, by made samples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from legwatch.text.language import ENGLISH
from legwatch_server.setup import coach
from legwatch_server.setup.coach import Coach, Result

ROLES = frozenset({"leg", "room", "movement", "presence"})


class Person:
    """Says yes to everything, and remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def title(self, text: str) -> None:
        self.heard.append(text)

    say = title

    def ask(self, question: str, offered: str = "", wrong: Any = None) -> str:
        return offered

    def yes(self, question: str, *, offered: bool = True) -> bool:
        return True

    def choose(self, question: str, answers: Sequence[str], offered: int = 0) -> int:
        return offered

    def picture(self, text: str) -> None: ...

    def now(self, text: str) -> None: ...


GOOD: list[list[dict[str, Any]]] = [
    [{"leg_c": 20 + 0.2 * s, "room_c": 19.0} for s in range(60)],
    [{"moves": 0, "moved_s": 0.05, "leg_c": 30.0}] * 20,
    [{"moves": 0, "moved_s": 0.0}] * 5 + [{"moves": 4, "moved_s": 1.5}] + [{"moves": 0}] * 5,
    [{"in_bed": True}] * 5 + [{"in_bed": False}] * 20,
    [{"leg_c": 21.2, "room_c": 21.0}] * 100,
]


def led(nights: list[list[dict[str, Any]]], roles: frozenset[str] = ROLES) -> tuple[Any, str]:
    """Lead through the exercises; return what came of each, and all that was said."""
    person, given = Person(), iter(nights)

    @contextmanager
    def live(_seconds: float) -> Iterator[Iterator[dict[str, Any]]]:
        yield iter(next(given))

    done = Coach(person, ENGLISH, live, roles).lead()
    return done, "\n".join(person.heard)


def test_sensors_that_feel_all_are_good() -> None:
    done, _ = led(GOOD)
    assert done == dict.fromkeys(("hand", "still", "turn", "out", "beside"), Result.GOOD)


@pytest.mark.parametrize(
    ("at", "samples", "name", "said"),
    [
        (0, [{"leg_c": 20.0, "room_c": 20 + 0.1 * s} for s in range(60)], "hand", "are exchanged"),
        (0, [{"leg_c": 20 + 0.01 * s} for s in range(60)], "hand", "risen by 0.6 °C only"),
        (0, [{}] * 60, "hand", "gave no reading"),
        (1, [{"moves": 3, "moved_s": 0.8}] * 20, "still", "moves by itself: 16.0 s"),
        (1, [{}] * 20, "still", "says nothing"),
        (2, [{"moves": 0, "moved_s": 0.0}] * 20, "turn", "has not felt you"),
        (2, [{}] * 20, "turn", "has not felt you"),
        (3, [{"in_bed": True}] * 30, "out", "still sees somebody"),
        (3, [{}] * 30, "out", "says nothing"),
        (4, [{"leg_c": 23.0, "room_c": 20.0}] * 100, "beside", "offset_c = -3.0"),
        (4, [{"leg_c": 23.0}] * 100, "beside", "gave no readings"),
    ],
)
def test_what_a_sensor_does_not_feel_is_said(
    at: int, samples: list[dict[str, Any]], name: str, said: str
) -> None:
    done, heard = led([*GOOD[:at], samples, *GOOD[at + 1 :]])
    assert done[name] is Result.BAD
    assert said in heard
    assert [result for key, result in done.items() if key != name] == [Result.GOOD] * 4


def test_only_the_sensors_of_the_bed_are_asked() -> None:
    done, _ = led([GOOD[0]], frozenset({"leg"}))
    assert done == {"hand": Result.GOOD}
    assert led([], frozenset())[0] == {}


def test_the_watch_ends_as_soon_as_the_hand_is_felt() -> None:
    samples = iter([{"leg_c": 20.0}, {"leg_c": 22.0}, {"leg_c": 22.5}])
    assert coach.warmed(samples, lambda _sample, _figure: None).leg_c == 2.0
    assert next(samples) == {"leg_c": 22.5}
