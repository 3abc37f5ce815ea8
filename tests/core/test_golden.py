"""Golden nights give exactly the notices that lie beside them."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from legwatch.alerting.notice import as_json
from legwatch.conditions.verdict import Reason, TriState
from legwatch.engine import advance, replay, start
from legwatch.events import AlertKind, Event, Snooze
from legwatch.limits.rules import limit
from legwatch.recording import events, parse
from legwatch.testing import ms
from legwatch.text.message import text
from repository import REPO, rules

SIMPLE = sorted((REPO / "tests/nights").glob("*.csv.gz"))
BODY = sorted((REPO / "tests/nights/body").glob("*.csv.gz"))
MENDED = sorted((REPO / "tests/nights/mended").glob("*.csv.gz"))
ANSWERED = sorted((REPO / "tests/nights/answered").glob("*.csv.gz"))
NO_BODY_ALERT = {"empty_bed", "dead_movement", "agent_off", "dead_leg", "bathroom"}


def name(path: Path) -> str:
    return path.name.removesuffix(".csv.gz")


def wanted(path: Path) -> list[str]:
    return path.with_name(f"{name(path)}.notices.jsonl").read_text().splitlines()


def truth(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.with_name(f"{name(path)}.truth.json").read_text()))


def cold(path: Path) -> list[datetime]:
    """Return the times at which an alert of cold legs began, which is told at once or a bit later.

    One of a bed that does not warm is another matter.
    """
    said = [json.loads(line) for line in wanted(path)]
    fired = [n for n in said if (n["kind"], n["what"]) == ("cold", "fired")]
    return [datetime.fromisoformat(n["at"]) for n in fired if n["reason"] != "cold_start"]


@pytest.mark.parametrize("path", SIMPLE + BODY + MENDED, ids=name)
def test_a_golden_night_gives_its_notices(path: Path) -> None:
    with gzip.open(path, "rt") as lines:
        recording = parse(lines, zone=UTC)
    given = replay(events(recording), rules("standard", zone="UTC", warmth__early_s=600))
    assert [as_json(n, bed="bed", text=text(n)) for n in given] == wanted(path)


def answers(path: Path) -> list[Event]:
    """Return the answers of people that lie beside a night."""
    lines = path.with_name(f"{name(path)}.answers.jsonl").read_text().splitlines()
    given = []
    for quiet in map(json.loads, lines):
        at_ms, kind = ms(quiet["at"]), quiet["kind"] and AlertKind(quiet["kind"])
        given.append(Snooze(at_ms, kind, at_ms + quiet["quiet_min"] * 60_000))
    return list(given)


@pytest.mark.parametrize("path", ANSWERED, ids=name)
def test_a_golden_night_with_answers_gives_its_notices(path: Path) -> None:
    with gzip.open(path, "rt") as lines:
        recording = parse(lines, zone=UTC)
    both = sorted([*events(recording), *answers(path)], key=lambda event: event.at_ms)
    given = replay(both, rules("standard", zone="UTC", warmth__early_s=600))
    assert [as_json(n, bed="bed", text=text(n)) for n in given] == wanted(path)


@pytest.mark.slow
def test_the_rule_of_a_notice_has_the_value_of_its_limit() -> None:
    limits, paths = rules("at_risk", zone="UTC"), set()
    for path in SIMPLE + BODY[::3]:
        with gzip.open(path, "rt") as lines:
            recording = parse(lines, zone=UTC)
        for notice in replay(events(recording), limits):
            if notice.rule is not None:
                assert notice.rule.value == limit(limits, notice.rule.path)
                paths.add(notice.rule.path)
    assert len(paths) >= 8


def test_there_are_golden_nights_of_every_sort() -> None:
    assert len(SIMPLE) >= 10
    # What is only written down wakes nobody.
    said = {name(path): [json.loads(line) for line in wanted(path)] for path in SIMPLE}
    kinds = {
        night: {n["kind"] for n in found if n["level"] != "log"} for night, found in said.items()
    }
    assert [n for n in NO_BODY_ALERT if kinds[n] & {"cold", "still"}] == []
    assert all("cold" in kinds[n] for n in ("uncovered", "fan", "cold_bedding", "no_mat"))
    assert all("sensor" in kinds[n] for n in ("dead_leg", "stuck_leg", "dead_movement"))


def test_what_was_once_told_falsely_is_not_told() -> None:
    assert len(MENDED) == 12
    said = [json.loads(line) for path in MENDED for line in wanted(path)]
    assert [n for n in said if n["kind"] in ("cold", "still") and n["level"] != "log"] == []


def test_a_bed_that_is_cold_after_a_return_is_not_called_warm() -> None:
    path, limits = REPO / "tests/nights/mended/back_in_a_cold_bed.csv.gz", rules(zone="UTC")
    with gzip.open(path, "rt") as lines:
        recording = parse(lines, zone=UTC)
    state, called = start(trial_over=True), set()
    for event in events(recording):
        state, _ = advance(state, event, limits)
        bed, c = state.bed, state.bed.signals.leg.celsius
        if bed.signals.occupancy.in_bed and c is not None and c < limits.warmth.urgent_c:
            called.add((bed.found.legs, bed.found.doubt))
    assert {legs for legs, _ in called} == {TriState.UNKNOWN}
    assert Reason.SETTLING in {doubt for _, doubt in called}


def test_turns_that_look_like_twitches_are_never_urgent() -> None:
    said = [json.loads(line) for line in wanted(REPO / "tests/nights/weak_movement.csv.gz")]
    assert [n["level"] for n in said if n["what"] != "resolved"] == ["log", "warning", "warning"]


def test_every_kind_of_a_modelled_body_has_its_golden_night() -> None:
    assert len({truth(path)["kind"] for path in BODY}) == len(BODY) == 26


def test_the_golden_nights_of_a_body_agree_with_their_truth() -> None:
    """Bare legs are told of within 27 min, and nothing else is; a calf's sensor sees no feet.

    Nor does it see much of the other leg.
    """
    late = timedelta(minutes=27)
    for path in BODY:
        told = [span for span in truth(path)["uncovered"] if span["what"] != "feet"]
        bared = [span for span in told if span.get("side") != "far"]
        begins = [datetime.fromisoformat(span["from"]) for span in bared]
        alerts = cold(path)
        assert len(alerts) == len(begins), path.name
        pairs = zip(begins, alerts, strict=True)
        assert all(begin < alert <= begin + late for begin, alert in pairs), path.name
