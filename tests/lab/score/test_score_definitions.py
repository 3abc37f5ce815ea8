"""What the words of `legwatch score` mean: hand-made nights, each definition at its edge."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind, Event
from legwatch.limits.rules import Rules
from legwatch.testing import ms, wobbling
from truthful import COLD, Said, alerts, at, bare, fault, figure, save, scored


def turned_early(m: float) -> int:
    """Return a turn at 0 and 10, and then twitches alone: the sensor is alive."""
    return 6 if m in {0, 10} else 1 if m in {100, 180, 240} else 0


def test_a_caught_uncovering_has_its_delay_to_the_alert_and_to_the_sound(
    tmp_path: Path, capsys: Said
) -> None:
    report = scored(capsys, save(tmp_path, leg=COLD, uncovered=(bare(120, 240),)))
    (alert,) = alerts(report, "cold")
    assert alert["at"] == at(134)
    assert alert["sound"] == at(141)  # at the first natural movement
    assert figure(report, "caught") == (100, 1)
    assert figure(report, "delay") == (14, 1)
    assert figure(report, "sound") == (21, 1)
    assert figure(report, "caught", "simple") == (100, 1)
    assert figure(report, "delay", "simple") == (13, 1)
    assert figure(report, "delay", "simple") == figure(report, "sound", "simple")


def test_an_uncovering_without_an_alert_is_missed(tmp_path: Path, capsys: Said) -> None:
    report = scored(capsys, save(tmp_path, uncovered=(bare(120, 240),)))
    assert figure(report, "caught") == (0, 1)
    assert figure(report, "delay") == (None, 0)


def test_an_alert_that_stood_before_catches_without_a_delay(tmp_path: Path, capsys: Said) -> None:
    report = scored(capsys, save(tmp_path, leg=COLD, uncovered=(bare(135, 240),)))
    assert figure(report, "caught") == (100, 1)
    assert figure(report, "delay") == (None, 0)
    report = scored(capsys, save(tmp_path, leg=COLD, uncovered=(bare(134, 240),)))
    assert figure(report, "delay") == (0, 1)


def test_a_second_alert_is_no_delay_of_what_the_first_has_caught(
    tmp_path: Path, capsys: Said
) -> None:
    folder = save(
        tmp_path,
        leg=lambda m: 27.0 if 100 <= m < 126 or 127 <= m < 200 else 30.0,
        uncovered=(bare(120, 200),),
    )
    report = scored(capsys, folder)
    assert [a["at"] for a in alerts(report, "cold", "simple")] == [at(110), at(137)]
    assert figure(report, "caught", "simple") == (100, 1)
    assert figure(report, "delay", "simple") == (None, 0)


def test_an_alert_after_the_end_does_not_catch(tmp_path: Path, capsys: Said) -> None:
    night = {"leg": COLD, "uncovered": (bare(90, 133),)}
    assert figure(scored(capsys, save(tmp_path, **night)), "caught") == (0, 1)  # type: ignore[arg-type]
    night = {"leg": COLD, "uncovered": (bare(90, 134),)}
    assert figure(scored(capsys, save(tmp_path, **night)), "caught") == (100, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("span", "night", "eligible"),
    [
        (bare(120, 150), {}, 1),
        (bare(120, 149), {}, 0),
        (bare(120, 150, "all"), {}, 1),
        (bare(120, 150, "one_leg", "far"), {}, 1),
        (bare(120, 150, "feet"), {}, 0),
        (bare(120, 150), {"in_bed": ((80, 240),)}, 1),
        (bare(120, 150), {"in_bed": ((81, 240),)}, 0),
        (bare(140, 170), {"in_bed": ((0, 100), (120, 240))}, 1),
        (bare(139, 170), {"in_bed": ((0, 100), (120, 240))}, 0),
        (bare(169, 200), {"in_bed": ((0, 100), (130, 240))}, 0),  # 30 min away is a new stay
        (bare(170, 200), {"in_bed": ((0, 100), (130, 240))}, 1),
        (bare(120, 150), {"room_c": 25.9}, 1),
        (bare(120, 150), {"room_c": 26.0}, 0),
        (
            bare(120, 150),
            {"faults": ({"sensor": "movement", "what": "blind", "from": 149, "to": 200},)},
            0,
        ),
        (
            bare(120, 150),
            {"faults": ({"sensor": "leg", "what": "slow", "from": 150, "to": 200},)},
            1,
        ),
    ],
)
def test_which_uncoverings_count(
    tmp_path: Path, capsys: Said, span: dict[str, Any], night: dict[str, Any], eligible: int
) -> None:
    night = {"minutes": 240, "in_bed": ((0, 240),), **night}
    report = scored(capsys, save(tmp_path, uncovered=(span,), **night))
    assert figure(report, "caught")[1] == eligible
    assert figure(report, "feet")[1] == (1 if span["what"] == "feet" else 0)


@pytest.mark.parametrize(
    ("truth", "right"),
    [
        ({}, False),
        ({"uncovered": (bare(100, 125),)}, True),  # 9 min before the alert
        ({"uncovered": (bare(100, 124),)}, False),
        ({"uncovered": (bare(120, 150, "feet"),)}, True),
        ({"uncovered": (bare(135, 160),)}, False),  # it began afterwards
        ({"skin": lambda m: 29.9 if m == 124 else 33}, True),
        ({"skin": lambda m: 29.9 if m == 123 else 33}, False),
        ({"skin": lambda m: 29.9 if m == 135 else 33}, False),
        ({"skin": lambda _m: 30.0}, False),
        ({"foot": lambda m: 29.9 if m == 134 else 33}, True),
        ({"skin": lambda _m: 25.0, "in_bed": ((0, 124), (140, 480))}, False),
        ({"skin": lambda _m: 25.0, "in_bed": ((0, 125), (140, 480))}, True),
    ],
)
def test_a_cold_alert_is_true_or_false(
    tmp_path: Path, capsys: Said, truth: dict[str, Any], right: bool
) -> None:
    report = scored(capsys, save(tmp_path, leg=COLD, minutes=240, **truth))
    (alert,) = alerts(report, "cold")
    assert alert["at"] == at(134)
    assert alert["true"] is right
    assert figure(report, "false_cold") == (0 if right else 1, 1)
    assert figure(report, "cold") == (1, 1)


def test_what_is_only_written_down_is_no_alert_until_it_is_raised(
    tmp_path: Path, capsys: Said
) -> None:
    # Written down after 90 min, and told after 240; two turns are too few to make it urgent.
    quiet = save(tmp_path, moves=turned_early, turns=(0, 10))
    (alert,) = alerts(scored(capsys, quiet), "still")
    assert alert["at"] == at(251)
    assert alert["level"] == "warning"
    assert alert["true"]
    assert alerts(scored(capsys, quiet, "--set", "stillness.urgent_s=0"), "still") == []


@pytest.mark.parametrize(
    ("turns", "in_bed", "words", "right"),
    [
        ((0, 35), (0, 480), (), True),  # 216 min: nine tenths of 240
        ((0, 36), (0, 480), (), False),
        ((0,), (36, 480), (), False),  # going to bed is a turn too
        ((0,), (0, 240), (), False),  # nobody lies there
        ((0, 33), (0, 480), ("--set", "care.urgent_s=12600"), False),  # 221 - 33 < 189
        ((0, 32), (0, 480), ("--set", "care.urgent_s=12600"), True),
    ],
)
def test_a_still_alert_is_true_or_false_by_its_own_limit(
    tmp_path: Path,
    capsys: Said,
    turns: tuple[int, ...],
    in_bed: tuple[int, int],
    words: tuple[str, ...],
    right: bool,
) -> None:
    folder = save(tmp_path, moves=turned_early, turns=turns, in_bed=(in_bed,))
    report = scored(capsys, folder, *words)
    assert [alert["true"] for alert in alerts(report, "still")] == [right]
    assert figure(report, "false_still") == (0 if right else 1, 1)


@pytest.mark.parametrize(
    ("night", "counts"),
    [
        ({}, 1),
        ({"age": 64}, 0),
        ({"age": 81}, 0),
        ({"movement": "deaf"}, 0),
        ({"faults": ({"sensor": "leg", "what": "stuck", "from": 5, "to": 9},)}, 0),
    ],
)
def test_who_is_a_normal_sleeper(
    tmp_path: Path, capsys: Said, night: dict[str, Any], counts: int
) -> None:
    report = scored(capsys, save(tmp_path, minutes=60, **night))
    assert figure(report, "still_normal")[1] == counts


def test_cold_skin_is_told_while_an_alert_stands(tmp_path: Path, capsys: Said) -> None:
    folder = save(
        tmp_path,
        leg=COLD,
        skin=lambda m: 27.0 if 114 <= m < 144 else 25.0 if 144 <= m < 154 else 33.0,
    )
    report = scored(capsys, folder)
    assert report["rows"][0]["legwatch"]["cold_skin_min"] == [40, 20]
    assert report["rows"][0]["legwatch"]["very_cold_skin_min"] == [10, 10]
    assert figure(report, "skin_28") == (50, 40)
    assert figure(report, "skin_26") == (100, 10)


def test_skin_at_the_limit_or_out_of_bed_is_not_cold(tmp_path: Path, capsys: Said) -> None:
    folder = save(
        tmp_path, in_bed=((60, 300),), skin=lambda m: 27.0 if m < 61 else 28.0, turns=(60,)
    )
    report = scored(capsys, folder)
    assert report["rows"][0]["legwatch"]["cold_skin_min"] == [1, 0]
    assert figure(report, "skin_28") == (0, 1)


@pytest.mark.parametrize(
    ("begin", "end", "lead"),
    [
        (150, 200, [16]),  # told before
        (120, 200, [-14]),
        (74, 200, [-60]),
        (73, 200, [None]),
        (120, 130, [-14]),
        (120, 129, []),  # too short
        (0, 60, []),  # came cold to bed
    ],
)
def test_a_crossing_has_its_lead(
    tmp_path: Path, capsys: Said, begin: int, end: int, lead: list[int | None]
) -> None:
    folder = save(tmp_path, leg=COLD, skin=lambda m: 27.0 if begin <= m < end else 28.0)
    report = scored(capsys, folder)
    found = report["rows"][0]["legwatch"]["crossings"]
    assert [crossing["lead_min"] for crossing in found] == lead
    assert figure(report, "crossings")[1] == len(lead)


def test_the_simple_automation_needs_ten_minutes_in_a_row(tmp_path: Path, capsys: Said) -> None:
    low = {range(100, 109): 27.9, range(120, 130): 27.9, range(140, 160): 28.0}

    def leg(m: float) -> float:
        return next((c for span, c in low.items() if m in span), 30.0)

    report = scored(capsys, save(tmp_path, leg=leg, minutes=240))
    (alert,) = alerts(report, "cold", "simple")
    assert (alert["at"], alert["end"]) == (at(130), at(131))


def test_the_simple_automation_takes_silence_for_cold_and_for_stillness(
    tmp_path: Path, capsys: Said
) -> None:
    folder = save(
        tmp_path,
        leg=lambda m: 27.0 if m == 100 else None if 100 < m < 130 else 31.0,
        moves=lambda m: 1 if m == 30 else None if m > 30 else 0,
        mat=lambda _m: 0,
        in_bed=(),
        minutes=240,
    )
    report = scored(capsys, folder)
    (cold,) = alerts(report, "cold", "simple")
    assert (cold["at"], cold["end"], cold["true"]) == (at(110), at(131), False)
    (still,) = alerts(report, "still", "simple")
    assert (still["at"], still["end"], still["true"]) == (at(91), None, False)
    assert figure(report, "wakes", "simple") == (2, 1)
    assert alerts(report, "cold") == alerts(report, "still") == []


def test_the_simple_automation_is_still_for_an_hour(tmp_path: Path, capsys: Said) -> None:
    folder = save(tmp_path, moves=lambda m: 1 if m in {10, 90} else 0, turns=(16,), minutes=150)
    (alert,) = alerts(scored(capsys, folder), "still", "simple")
    assert (alert["at"], alert["end"], alert["true"]) == (at(71), at(91), True)  # 55 of 60 min


def test_a_fault_is_told_with_its_delay(tmp_path: Path, capsys: Said) -> None:
    folder = save(
        tmp_path,
        leg=lambda m: None if 120 <= m < 240 else wobbling(31)(m),
        faults=(fault("leg", "silent", 120, 240),),
    )
    report = scored(capsys, folder)
    assert figure(report, "faults") == (100, 1)
    assert figure(report, "fault_delay") == (15, 1)
    assert figure(report, "faults_soon") == (0, 1)
    assert figure(report, "faults_long") == (100, 1)
    assert figure(report, "false_health") == (None, 0)
    assert figure(report, "faults", "simple") == (0, 1)
    quick = scored(capsys, folder, "--set", "health.alert_s=540")
    assert figure(quick, "faults_soon") == (100, 1)


def test_a_fault_that_is_told_after_its_end_is_not_told(tmp_path: Path, capsys: Said) -> None:
    folder = save(
        tmp_path,
        leg=lambda m: None if 120 <= m < 240 else wobbling(31)(m),
        faults=(fault("leg", "silent", 120, 135),),
    )
    report = scored(capsys, folder)
    assert figure(report, "faults") == (0, 1)
    assert figure(report, "faults_long") == (None, 0)


def test_a_sensor_that_was_never_heard_of_has_no_part_in_the_long_faults(
    tmp_path: Path, capsys: Said
) -> None:
    folder = save(tmp_path, moves=lambda _m: None, faults=(fault("movement", "silent", 0, 300),))
    report = scored(capsys, folder)
    assert figure(report, "faults") == (0, 1)
    assert figure(report, "faults_long") == (None, 0)


def test_a_blind_sensor_is_blind_from_the_first_bed_entry(tmp_path: Path, capsys: Said) -> None:
    folder = save(
        tmp_path,
        leg=lambda m: wobbling(31 if m >= 30 else 18.2)(m),
        moves=lambda _m: 0,
        mat=lambda m: int(m >= 30),
        in_bed=((30, 480),),
        faults=(fault("movement", "blind", 0, 480),),
    )
    value, of = figure(scored(capsys, folder), "fault_delay")
    assert (value, of) == (pytest.approx(16, abs=1), 1)  # told at 46, for an entry at 30


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        (fault("leg", "displaced", 0, 60), {"displaced": 1, "faults": 0, "agent": 0}),
        (fault("leg", "stuck", 0, 60), {"displaced": 0, "faults": 1, "agent": 0}),
        (fault("room", "zeros", 0, 60), {"displaced": 0, "faults": 1, "agent": 0}),
        (fault("leg", "slow", 0, 60), {"displaced": 0, "faults": 0, "agent": 0}),
        (fault("agent", "silent", 0, 60), {"displaced": 0, "faults": 0, "agent": 1}),
    ],
)
def test_each_fault_has_its_line(
    tmp_path: Path, capsys: Said, what: dict[str, Any], lines: dict[str, int]
) -> None:
    report = scored(capsys, save(tmp_path, minutes=60, faults=(what,)))
    assert {key: figure(report, key)[1] for key in lines} == lines


def test_an_agent_that_stays_silent_is_told_to_the_end(tmp_path: Path, capsys: Said) -> None:
    folder = save(tmp_path, minutes=120, faults=(fault("agent", "silent", 120, 200),), end=at(200))
    report = scored(capsys, folder)
    assert figure(report, "agent") == (100, 1)
    assert [alert["at"] for alert in alerts(report, "agent")] == [at(135)]


def test_a_health_alert_without_a_fault_is_false(tmp_path: Path, capsys: Said) -> None:
    folder = save(tmp_path, leg=lambda m: None if m >= 120 else wobbling(31)(m), minutes=240)
    report = scored(capsys, folder)
    assert figure(report, "false_health") == (1, 1)
    assert [alert["true"] for alert in alerts(report, "sensor")] == [False]


def test_a_body_alert_on_a_fault_night_is_counted_by_kind(tmp_path: Path, capsys: Said) -> None:
    save(tmp_path, "a", kind="dead_leg", leg=COLD)
    save(tmp_path, "b", kind="displaced")
    save(tmp_path, "c", kind="uncovered_both", leg=COLD)
    report = scored(capsys, tmp_path)
    assert figure(report, "fault_nights") == (50, 2)
    assert figure(report["kinds"]["dead_leg"], "fault_nights") == (100, 1)


@pytest.mark.parametrize(
    ("what", "uncovered", "of_fault"),
    [
        (fault("leg", "stuck", 135, 240), (bare(120, 240),), 0),  # true, and told before: at 134
        (fault("leg", "stuck", 134, 240), (bare(120, 240),), 1),
        (fault("leg", "stuck", 60, 134), (bare(120, 240),), 0),  # true, and well again
        (fault("leg", "stuck", 135, 240), (), 1),  # false
        (fault("agent", "silent", 134, 240), (bare(120, 240),), 1),
        (fault("room", "stuck", 60, 240), (bare(120, 240),), 1),
        (fault("room", "silent", 60, 240), (bare(120, 240),), 0),  # the leg sensor alone
        (fault("movement", "blind", 60, 240), (bare(120, 240),), 0),
    ],
)
def test_a_right_cold_alert_of_a_sound_sensor_is_not_the_faults(
    tmp_path: Path,
    capsys: Said,
    what: dict[str, Any],
    uncovered: tuple[dict[str, Any], ...],
    of_fault: int,
) -> None:
    save(tmp_path, kind="stuck_leg", leg=COLD, uncovered=uncovered, faults=(what,))
    report = scored(capsys, tmp_path)
    (alert,) = alerts(report, "cold")
    assert (alert["at"], alert["true"]) == (at(134), bool(uncovered))
    assert figure(report, "fault_nights") == (100 * of_fault, 1)


@pytest.mark.parametrize(
    ("what", "turns", "of_fault"),
    [
        (fault("leg", "stuck", 60, 300), (0, 10), 0),
        (fault("room", "zeros", 60, 300), (0, 10), 0),
        (fault("movement", "blind", 60, 300), (0, 10), 1),
        (fault("agent", "silent", 240, 300), (0, 10), 1),
        (fault("leg", "stuck", 60, 300), (0, 100), 1),  # false
    ],
)
def test_a_right_still_alert_of_a_sound_sensor_is_not_the_faults(
    tmp_path: Path, capsys: Said, what: dict[str, Any], turns: tuple[int, ...], of_fault: int
) -> None:
    quiet = save(
        tmp_path,
        kind="dead_leg",
        moves=turned_early,
        turns=turns,
        faults=(what,),
    )
    report = scored(capsys, quiet)
    assert [alert["at"] for alert in alerts(report, "still")] == [at(251)]
    assert figure(report, "fault_nights") == (100 * of_fault, 1)


def test_a_night_with_a_dead_sensor_is_told_within_ten_minutes_or_not(
    tmp_path: Path, capsys: Said
) -> None:
    dead = (fault("leg", "silent", 120, 240),)

    def leg(m: float) -> float | None:
        return None if 120 <= m < 240 else wobbling(31)(m)

    save(tmp_path, "a", kind="dead_leg", leg=leg, faults=dead)
    save(tmp_path, "b", kind="dead_leg", faults=dead)  # nothing is missing, so nothing is told
    save(tmp_path, "c", kind="gaps", leg=leg, faults=dead)
    save(tmp_path, "d", kind="dead_movement", faults=(fault("movement", "silent", 0, 300),))
    slow = scored(capsys, tmp_path)
    assert figure(slow, "dead_nights") == (0, 2)
    assert figure(slow, "faults_long") == (pytest.approx(200 / 3), 3)
    assert figure(slow, "faults_long_soon") == (0, 3)
    quick = scored(capsys, tmp_path, "--set", "health.alert_s=540")
    assert figure(quick, "dead_nights") == (50, 2)
    assert figure(quick, "faults_long_soon") == (pytest.approx(200 / 3), 3)
    assert figure(quick, "dead_nights", "simple") == (0, 2)


def test_an_alert_that_stood_when_a_sensor_died_tells_it_at_once(
    tmp_path: Path, capsys: Said
) -> None:
    folder = save(
        tmp_path,
        kind="stuck_leg",
        leg=lambda m: None if 120 <= m < 240 else wobbling(31)(m),
        faults=(fault("leg", "silent", 140, 240),),
    )
    report = scored(capsys, folder)
    assert figure(report, "fault_delay") == (None, 0)
    assert figure(report, "dead_nights") == (100, 1)


def test_a_wake_up_is_what_replay_pushes(tmp_path: Path, capsys: Said) -> None:
    report = scored(capsys, save(tmp_path, leg=COLD))
    assert legwatch(["replay", "--format", "jsonl", str(tmp_path / "night.csv")]) == 0
    notices = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    sounds = [
        notice["at"]
        for notice in notices
        if notice["what"] in {"fired", "raised", "repeated"}
        and notice["held"] is None
        and notice["level"] != "log"
    ]
    assert len(sounds) >= 2
    assert figure(report, "wakes") == (len(sounds), 1)
    assert figure(report, "quiet") == (0, 1)
    calm = scored(capsys, save(tmp_path / "calm"))
    assert figure(calm, "wakes") == (0, 1)
    assert figure(calm, "quiet") == (100, 1)


def test_an_early_sign_is_a_hit_or_a_miss(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signs of the rules are switched off, and others put in their place."""

    def replayed(events: Iterable[Event], rules: Rules) -> Iterator[Notice]:
        for minute in signs:
            at_ms = ms(at(minute))
            yield Notice(
                at_ms, AlertKind.COLD, TransitionKind.EXPECTED, Severity.LOG, Reason.COOLED
            )
        yield from replay(events, rules)

    monkeypatch.setattr("legwatch_lab.score.night.replay", replayed)
    folder = save(tmp_path, leg=COLD, uncovered=(bare(130, 240),))  # the alert comes at 134
    signs = [60, 125, 241]
    report = scored(capsys, folder)
    assert figure(report, "signs") == (3, 1)
    assert figure(report, "sign_hits") == (pytest.approx(100 / 3, abs=0.01), 3)
    assert figure(report, "sign_misses") == (0, 1)
    assert figure(report, "sign_lead") == (9, 1)
    signs = [103, 135]
    report = scored(capsys, folder)
    assert figure(report, "sign_misses") == (100, 1)
    assert figure(report, "sign_hits") == (100, 2)  # true uncovering within 30 min, or there
