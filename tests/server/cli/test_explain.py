"""`legwatch alerts explain`: by which sensor, how sure, and in whose words."""

import math
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bare_bed import BED_MIN, OFF_MIN, air, sleeper
from server.loaded_house import LoadedHouse, loaded_house
from server.ward import MINUTE_MS

BEFORE_MIN = BED_MIN - 5  # the night begins shortly before the bed is entered
CONSOLE: dict[str, Any] = {"channels": ["console"]}
ANNA, BERT = CONSOLE | {"role": "sleeper"}, CONSOLE | {"role": "carer"}
RULES = {"alerts.learn_nights": 0, "stillness.joint_s": 0}


def one_foot_bare(minute: float) -> dict[str, Any]:
    """A sleeper whose legs stay covered while one foot is bare."""
    m = minute + BEFORE_MIN
    leg_c = air(min(m, OFF_MIN)) + 0.1 * math.sin(m / 7)
    ankle = (("ankle_c", round(air(m) - 1.0, 1)),)
    return {"leg_c": round(leg_c, 2), "moves": sleeper(m), "others": ankle, "age_ms": 0}


def explained(house: LoadedHouse, capsys: pytest.CaptureFixture[str], which: str) -> str:
    """Explain the last alert of which a notice is so."""
    ((ident,),) = house.server.rows(f"SELECT max(id) FROM notices WHERE {which}")
    code, said, _ = house.run(capsys, "alerts", "explain", str(ident))
    assert code == 0
    return said


@pytest.fixture(scope="module")
def bare_foot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedHouse]:
    folder = tmp_path_factory.mktemp("foot")
    with loaded_house(folder, people={"anna": ANNA, "bert": BERT}, roster=[], rules=RULES) as house:
        house.server.play("b", OFF_MIN - BEFORE_MIN + 40, one_foot_bare)
        yield house


FOOT = "what='fired' AND reason='foot_bare'"


def test_an_alert_on_a_foot_says_how_sure_it_was_and_by_which_limit_it_sounds(
    bare_foot: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = explained(bare_foot, capsys, FOOT)
    begun, sounds = re.split(r"\n\d\d:\d\d  it sounds", alert)
    sure = r"How sure it was: \d\d % that a foot was bare \(somebody lay there: the air by the legs"
    assert re.search(sure, begun)
    assert re.search(sure, sounds)
    had_to_be = (
        r"How sure it was: (\d\d) % .*\n  How sure it had to be for a sound: (\d\d) %, the less"
    )
    for text, is_enough in ((begun, False), (sounds, True)):
        was, had = map(int, re.findall(had_to_be, text)[0])
        assert (was >= had) is is_enough
    assert "Rule: warmth.change_sure = 0.93" in sounds
    assert "Where this limit comes from: so probable it must be" in sounds
    sign = explained(bare_foot, capsys, "what='expected' AND reason='foot_bare'")
    assert re.search(r"How sure it was: \d\d % that a foot was bare, or that nobody", sign)


def test_its_figures_are_those_of_the_foot_and_each_names_its_sensor(
    bare_foot: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = explained(bare_foot, capsys, FOOT).splitlines()
    told = [line for line in lines if line.startswith("  Figures: ")]
    assert len(told) == 2
    for line in told:
        names = [one.split()[0] for one in line.removeprefix("  Figures: ").split(", ")]
        assert {"ankle_c", "ankle_high_c", "ankle_fell_min", "leg_c"} <= set(names)
        assert not [name for name in names if "usual" in name or name in ("high_c", "fell_min")]


def test_figures_by_the_legs_are_named_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loaded_house(tmp_path, rules=RULES) as house:
        bare = lambda m: one_foot_bare(m) | {"leg_c": round(air(m + BEFORE_MIN), 2)}  # noqa: E731
        house.server.play("b", OFF_MIN - BEFORE_MIN + 20, bare)
        said = explained(house, capsys, "what='fired' AND reason='uncovered'")
    names = set(re.findall(r"[:,] ([a-z_]+) [\d.]+", said.split("Figures", 1)[1].split("\n")[0]))
    assert {"leg_usual_c", "leg_usual_low_c", "leg_high_c", "leg_fell_min"} <= names
    assert not names & {"usual_c", "usual_low_c", "usual_high_c", "high_c", "fell_min"}


def warm(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True, "age_ms": 0}


TO_SLEEPER = "Until it works I cannot warn you. Check the cable and the plug."
TO_CARERS = "Until it works I cannot warn anybody. Check the cable and the plug."


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ({"bert": BERT}, {"Said": TO_CARERS}),
        ({"anna": ANNA}, {"Said": TO_SLEEPER}),
        ({"anna": ANNA, "bert": BERT}, {"Said": TO_SLEEPER, "Said to carers": TO_CARERS}),
    ],
)
def test_the_words_are_those_for_whom_was_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    people: dict[str, Any],
    words: dict[str, str],
) -> None:
    with loaded_house(tmp_path, people=people, roster=[], rules=RULES) as house:
        house.server.play("b", 10, warm)
        house.server.run_to(house.server.clock.now_ms + 40 * MINUTE_MS)
        lines = explained(house, capsys, "kind='agent'").splitlines()
    said = dict(line.strip().split(": ", 1) for line in lines if line.startswith("  Said"))
    assert said == {
        head: f"No word from the bedside for 15 min. {todo}" for head, todo in words.items()
    }


def test_of_what_nobody_was_told_the_words_are_those_for_who_watches_the_bed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urgent = BERT | {"woken_for": {"cold": "urgent"}}
    with loaded_house(tmp_path, people={"bert": urgent}, roster=[], rules=RULES) as house:
        bare = lambda m: one_foot_bare(m) | {"leg_c": round(air(m + BEFORE_MIN), 2)}  # noqa: E731
        house.server.play("b", OFF_MIN - BEFORE_MIN + 20, bare)
        said = explained(house, capsys, "what='fired' AND kind='cold'")
    assert "Said: The air by the legs has fallen" in said
    assert "your" not in said


def test_words_of_an_older_version_stay_as_they_were_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loaded_house(tmp_path, people={"bert": BERT}, roster=[], rules=RULES) as house:
        house.server.play("b", 10, warm)
        house.server.run_to(house.server.clock.now_ms + 20 * MINUTE_MS)
        with closing(sqlite3.connect(house.server.path)) as db, db:
            db.execute("UPDATE notices SET text='It was put so.'")
        assert "  Said: It was put so.\n" in explained(house, capsys, "kind='agent'")


def lies_still(minute: float) -> dict[str, Any]:
    """A sleeper who settles, and then only twitches."""
    moves = 20 if minute < 50 and minute % 1 < 0.2 else 1 if minute % 40 < 0.1 else 0
    return {"leg_c": 31.0 + 0.4 * math.sin(minute / 7), "moves": moves, "age_ms": 0}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedHouse]:
    folder, rules = tmp_path_factory.mktemp("still"), RULES | {"stillness.log_s": 7200}
    with loaded_house(folder, people={"anna": ANNA}, roster=[], rules=rules) as house:
        house.server.play("b", 320, lies_still)
        yield house


def test_a_wait_counts_from_its_begin_and_not_from_what_was_only_written_down(
    still: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = explained(still, capsys, "kind='still' AND what='fired'")
    assert "It had waited 10 min; the longest wait was over." in alert


def test_it_says_why_who_has_lain_still_for_long_is_only_warned_of(
    still: LoadedHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = explained(still, capsys, "kind='still' AND what='fired'")
    assert "Rule: stillness.urgent_s = 14400" in alert
    assert (
        "It is a warning, not urgent: the movement sensor has not shown three clear turns" in alert
    )
