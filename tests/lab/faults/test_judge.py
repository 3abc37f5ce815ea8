"""The judge of the campaign, by made lists of notices with known answers."""

from dataclasses import replace
from typing import Any

from lab.faults.small import BARE, minute, small
from legwatch.alerting.notice import iso
from legwatch_lab.faults.campaign import Row
from legwatch_lab.faults.cells import CellKey, cells, total
from legwatch_lab.faults.judge import Outcome, judged
from legwatch_lab.faults.laid import Laid
from legwatch_lab.truth import TrueSpan

FROM = 120  # minute at which the fault begins
NIGHT = small()
LAID = Laid(NIGHT.readings, minute(FROM), NIGHT.end_ms)


def notice(at: float, kind: str, what: str, **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"level": "warning", "reason": "uncovered", "held": None, "figures": {}}
    return {"at": iso(minute(at)), "kind": kind, "what": what, **plain, **more}


def outcome(*notices: dict[str, Any], kind: str = "uncovered") -> Outcome:
    return judged(NIGHT if kind == "uncovered" else small("quiet"), LAID, notices)


def test_silence_is_a_miss_with_nothing_told() -> None:
    found = outcome()
    assert (found.caught, found.told, found.urgent, found.notices) == (False, False, 0, 0)


def test_a_cold_alert_during_the_uncovering_catches_it() -> None:
    assert outcome(notice(160, "cold", "fired", held="waiting")).caught
    assert not outcome(notice(160, "cold", "fired", level="log", held="log_only")).caught
    assert not outcome(notice(140, "cold", "fired"), notice(145, "cold", "resolved")).caught
    assert outcome(notice(140, "cold", "fired"), notice(155, "cold", "resolved")).caught


def test_only_what_is_pushed_from_the_begin_to_the_end_of_the_uncovering_is_told() -> None:
    told = notice(130, "sensor", "fired", reason="stuck")
    found = outcome(told)
    assert (found.told, found.told_min, found.reason, found.about) == (True, 10.0, "stuck", "leg")
    for wrong in (
        notice(110, "sensor", "fired", reason="stuck"),
        notice(BARE_TO + 1, "sensor", "fired", reason="stuck"),
        notice(130, "sensor", "fired", reason="stuck", held="budget"),
        notice(130, "sensor", "fired", reason="stuck", level="log", held="log_only"),
        notice(130, "cold", "unknown", reason="no_readings"),
    ):
        ended = notice(115, "sensor", "resolved", reason="back")
        assert not outcome(*sorted((wrong, ended), key=lambda one: str(one["at"]))).told


def test_an_uncovering_soon_after_a_return_counts_no_more_and_is_no_miss() -> None:
    """By the rules of the score the bed has to warm before an uncovering can be told."""
    stay = NIGHT.truth.in_bed[0]
    parts = (
        TrueSpan(stay.from_ms, BARE.from_ms - 60 * 60_000),
        TrueSpan(BARE.from_ms - 10 * 60_000, stay.to_ms),
    )
    laid = LAID._replace(truth=replace(NIGHT.truth, in_bed=parts))
    late = judged(NIGHT, laid, [])
    assert late.caught is None
    row = Row("body", "n", "uncovered", "here", "up_90", "leg", late)
    plain = row._replace(fault="none", outcome=replace(late, caught=True))
    cell = cells([row, plain])[CellKey("body", "up_90", "leg", "here")]
    assert (cell.uncovered, cell.before, cell.silent, cell.unsaid) == (0, 0, 0, 0)


BARE_TO = (BARE.to_ms - minute(0)) / 60_000


def test_what_stood_when_the_fault_began_is_told() -> None:
    found = outcome(notice(100, "agent", "fired", reason="agent_silent"))
    assert (found.told, found.told_min, found.about) == (True, -20.0, "agent")


def test_a_quiet_report_on_a_sensor_is_told_too() -> None:
    assert outcome(notice(150, "agent", "reported", level="log", reason="sensor_mute")).told


def test_a_sensor_is_named_by_the_figures_before_the_reason() -> None:
    figures = {"sensor": "room"}
    assert outcome(notice(130, "sensor", "fired", reason="no_readings", figures=figures)).about == (
        "room"
    )
    assert outcome(notice(130, "sensor", "fired", reason="movement_silent")).about == "movement"
    assert outcome(notice(130, "sensor", "fired", reason="mat_disagrees")).about == "presence"


def test_sounds_for_nothing_are_counted_by_the_truth() -> None:
    found = outcome(
        notice(60, "cold", "fired", held="waiting"),
        notice(65, "cold", "repeated"),
        notice(70, "cold", "raised", level="urgent"),
        notice(80, "cold", "resolved"),
        notice(160, "cold", "fired"),
        notice(170, "cold", "raised", level="urgent"),
    )
    assert (found.signs, found.sounds, found.urgent) == (1, 2, 1)


def test_a_still_alert_soon_after_a_turn_is_for_nothing() -> None:
    found = outcome(
        notice(60, "still", "fired", level="log", held="log_only"),
        notice(125, "still", "raised", level="urgent", reason="still_too_long"),
        kind="quiet",
    )
    assert (found.still, found.urgent, found.body) == (1, 1, True)


def test_back_while_the_fault_lasts_is_counted() -> None:
    found = outcome(
        notice(130, "sensor", "fired", reason="no_readings"),
        notice(140, "sensor", "resolved", reason="back"),
        notice(150, "sensor", "fired", reason="no_readings"),
        notice(160, "sensor", "resolved", reason="left_bed"),
    )
    assert (found.back, found.notices) == (1, 4)


def test_a_notice_is_judged_by_when_it_was_and_not_by_a_wrong_clock() -> None:
    for off in (40, -40):
        wrong = LAID._replace(clock_ms=off * 60_000)
        said = [notice(160 + off, "cold", "fired"), notice(75, "sensor", "fired", reason="stuck")]
        found = judged(NIGHT, wrong, sorted(said, key=lambda one: str(one["at"])))
        assert (found.caught, found.sounds, found.told_min) == (True, 0, -45)


def row(night: str, fault: str, *, caught: bool, told: bool = False, urgent: int = 0) -> Row:
    found = Outcome(
        caught=caught,
        told=told,
        told_min=5.0 if told else None,
        reason="stuck" if told else "",
        about="leg" if told else "",
        signs=0,
        sounds=urgent,
        urgent=urgent,
        back=0,
        still=0,
        notices=int(told),
        body=False,
    )
    return Row("body", night, "uncovered", "here", fault, "leg", found)


def test_only_an_uncovering_that_is_caught_without_the_fault_can_be_a_silent_miss() -> None:
    rows = [
        row("a", "none", caught=True),
        row("b", "none", caught=True),
        row("c", "none", caught=False),
        row("a", "leg_dead", caught=False),
        row("b", "leg_dead", caught=False, told=True),
        row("c", "leg_dead", caught=False),
    ]
    found = cells(rows)
    cell = found[CellKey("body", "leg_dead", "leg", "here")]
    assert (cell.caught, cell.before, cell.silent, cell.unsaid) == (0, 2, 1, 2)
    assert (cell.told, cell.right, cell.reason, cell.told_min) == (1, 1, "stuck", 5.0)
    assert (cell.soon, cell.too_silent) == (1, True)
    assert total(found, "here")[:2] == (1, 2)


def test_a_cell_of_200_nights_is_held_to_shares() -> None:
    plain = [row(f"n{number}", "none", caught=True) for number in range(200)]
    for misses, too_many in ((5, False), (6, True)):
        some = [row(f"n{n}", "leg_dead", caught=n >= misses) for n in range(200)]
        cell = cells([*plain, *some])[CellKey("body", "leg_dead", "leg", "here")]
        assert (cell.silent, cell.too_silent) == (misses, too_many)


def test_limits_hold_in_a_cell_of_40_and_80() -> None:
    nights = [f"n{number}" for number in range(40)]
    plain = [row(night, "none", caught=True) for night in nights]
    misses = [row(night, "leg_dead", caught=place > 1) for place, night in enumerate(nights)]
    cell = cells([*plain, *misses])[CellKey("body", "leg_dead", "leg", "here")]
    assert (cell.silent, cell.too_silent) == (2, False)
    misses[2] = row(nights[2], "leg_dead", caught=False)
    cell = cells([*plain, *misses])[CellKey("body", "leg_dead", "leg", "here")]
    assert (cell.silent, cell.too_silent) == (3, True)
    loud = [row(night, "leg_dead", caught=True, urgent=1) for night in nights[:4]]
    loud += [row(night, "leg_dead", caught=True) for night in nights[4:]]
    cell = cells([*plain, *loud])[CellKey("body", "leg_dead", "leg", "here")]
    assert (cell.urgent, cell.too_urgent) == (4, True)
