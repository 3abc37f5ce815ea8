"""What a fault changes in the readings of a night, and what it leaves as it was."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from lab.faults.small import BED_MS, MINUTE_MS, TURNS, before_and_from, minute, small
from legwatch_lab.faults.catalogue import FAULTS, NONE
from legwatch_lab.faults.laid import Laid
from legwatch_lab.faults.mat import ABSENCES
from legwatch_lab.faults.night import COUNTS, LEG, LEG_RH, MAT, MOVED, ROOM, ROOM_RH, BedNight

LASTING = [
    name
    for name in FAULTS
    if FAULTS[name].lay(small(), Random(1)).from_ms > BED_MS and name not in ABSENCES
]


def laid(name: str, night: BedNight | None = None) -> Laid:
    return FAULTS[name].lay(night or small(), Random(7))


def values(found: Laid, channel: str, from_ms: int = 0) -> list[float]:
    return [value for at, value in found.readings.get(channel, ()) if at >= from_ms]


def test_a_night_without_a_fault_is_as_it_was() -> None:
    assert small().readings == laid(NONE).readings


@pytest.mark.parametrize("name", list(FAULTS))
def test_the_same_seed_gives_the_same_fault_and_the_night_stays(name: str) -> None:
    night, again = small(), small()
    assert FAULTS[name].lay(night, Random(3)) == FAULTS[name].lay(again, Random(3))
    assert again.readings == night.readings == small().readings


@pytest.mark.parametrize("name", [name for name in FAULTS if name != NONE])
def test_every_fault_changes_something(name: str) -> None:
    night = small()
    found = laid(name)
    assert (
        found.readings != night.readings or found.truth is not None or found.no_mat_ms is not None
    ) or name.endswith("_live")


@pytest.mark.parametrize("name", list(FAULTS))
@pytest.mark.parametrize("kind", ["uncovered", "quiet", "still"])
def test_times_stay_in_order_and_within_the_night(name: str, kind: str) -> None:
    night = small(kind)
    found = laid(name, night)
    assert night.begin_ms <= found.from_ms < found.to_ms
    for samples in found.readings.values():
        times = [at for at, _ in samples]
        assert times == sorted(times)


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_fault_begins_10_to_90_min_before_the_uncovering(name: str) -> None:
    night = small()
    assert night.bare is not None
    for seed in range(20):
        ago_ms = night.bare.from_ms - FAULTS[name].lay(night, Random(seed)).from_ms
        assert 10 * MINUTE_MS <= ago_ms <= 90 * MINUTE_MS


@pytest.mark.parametrize("name", ABSENCES)
def test_an_absence_is_true_and_lies_apart_from_the_uncovering(name: str) -> None:
    night = small()
    assert night.bare is not None
    for seed in range(20):
        found = FAULTS[name].lay(night, Random(seed))
        assert found.truth is not None
        assert found.truth.stay(found.from_ms + MINUTE_MS) is None
        assert found.truth.stay(found.to_ms + MINUTE_MS) is not None
        assert found.to_ms < night.bare.from_ms or night.bare.to_ms < found.from_ms
        away = [v for t, v in found.readings[LEG] if found.to_ms - MINUTE_MS < t < found.to_ms]
        assert max(away) < 20


@pytest.mark.parametrize(
    "name", ["leg_frozen_rh", "leg_offset_p2_t0", "leg_drift_up", "mov_dead_t0"]
)
def test_before_its_begin_a_fault_changes_nothing(name: str) -> None:
    channel = COUNTS if name.startswith("mov") else LEG
    before, after = before_and_from(laid(name), small(), channel)
    assert before == []
    assert after


def test_a_frozen_sensor_repeats_one_pair() -> None:
    found = laid("leg_frozen_rh")
    assert len(set(values(found, LEG, found.from_ms))) == 1
    assert len(set(values(found, LEG_RH, found.from_ms))) == 1
    assert len(set(values(found, COUNTS, found.from_ms))) > 1


def test_a_loose_cable_gives_one_minute_in_eight() -> None:
    night = small()
    found = laid("leg_loose", night)
    there = [at for at, _ in found.readings[LEG] if at >= found.from_ms]
    was = [at for at, _ in night.readings[LEG] if at >= found.from_ms]
    assert len(there) / len(was) == pytest.approx(1 / 8, abs=0.02)
    assert max(b - a for a, b in pairwise(there)) == pytest.approx(7 * MINUTE_MS, abs=20_000)


def test_lost_reads_lose_both_values() -> None:
    found = laid("leg_loses90")
    assert [at for at, _ in found.readings[LEG]] == [at for at, _ in found.readings[LEG_RH]]
    share = len(found.readings[LEG]) / len(small().readings[LEG])
    assert share == pytest.approx(0.1, abs=0.02)


def test_a_bouncing_switch_multiplies_what_was_counted_and_nothing_else() -> None:
    for (_, was), (_, now) in zip(
        small().readings[COUNTS], laid("mov_bounce").readings[COUNTS], strict=True
    ):
        assert 13 * was <= now <= 60 * was


def test_a_free_running_sensor_counts_at_its_own_pace() -> None:
    found = laid("mov_free30")
    counts = values(found, COUNTS, found.from_ms)[:180]
    quiet = sum(counts) - sum(4 for at, v in small().readings[COUNTS] if v and at >= found.from_ms)
    assert sum(counts) >= 60
    assert quiet <= 62


def test_a_long_hold_counts_a_movement_once() -> None:
    found = laid("mov_pir2")
    assert set(values(found, COUNTS)) == {0.0, 1.0}
    assert sum(values(found, COUNTS)) == sum(v > 0 for _, v in small().readings[COUNTS])


def test_seconds_of_movement_follow_the_counts() -> None:
    was = small()
    night = replace(was, readings={**was.readings, MOVED: was.readings[COUNTS]})
    assert set(values(laid("mov_dead_all", night), MOVED)) == {0.0}
    assert values(laid("mov_bounce", night), MOVED) == values(laid(NONE, night), MOVED)
    held = values(laid("mov_pir2", night), MOVED)
    assert sum(held) == pytest.approx(120 * sum(v > 0 for _, v in was.readings[COUNTS]), rel=0.1)


def test_a_slipped_sensor_has_the_room_s_air_and_no_constant_one() -> None:
    found = laid("leg_slip_floor")
    late = values(found, LEG, found.from_ms + 40 * MINUTE_MS)
    assert 15.7 < min(late) < max(late) < 16.3
    assert len(set(late)) > 1
    assert values(found, LEG_RH, found.from_ms + 40 * MINUTE_MS)[0] == pytest.approx(50, abs=2)


def test_a_sensor_on_top_of_the_cover_shows_a_quarter_of_the_warmth() -> None:
    warm = values(laid("leg_on_top", small("quiet")), LEG)
    assert 20.5 < max(warm) < 22.5


def test_exchanged_sensors_exchange_all_they_say() -> None:
    found, was = laid("room_swap").readings, small().readings
    assert (found[LEG], found[ROOM]) == (was[ROOM], was[LEG])
    assert (found[LEG_RH], found[ROOM_RH]) == (was[ROOM_RH], was[LEG_RH])


def test_the_sun_warms_the_room_sensor_alone_for_two_hours() -> None:
    found = laid("room_sun", small("quiet"))
    warmest = [v for t, v in found.readings[ROOM] if found.from_ms <= t < found.to_ms]
    assert max(warmest) == pytest.approx(22.0, abs=0.2)
    assert found.to_ms - found.from_ms == 120 * MINUTE_MS
    assert found.readings[LEG] == small("quiet").readings[LEG]


def mat_at(found: Laid, at_ms: int) -> float:
    return [value for at, value in found.readings[MAT] if at <= at_ms][-1]


def test_a_mat_that_lets_go_is_empty_for_3_min_after_a_turn() -> None:
    found = laid("mat_off3")
    turn = TURNS[1]
    said = [mat_at(found, turn + round(after * MINUTE_MS)) for after in (-1, 0.5, 2.9, 3.1, 20)]
    assert said == [1.0, 0.0, 0.0, 1.0, 1.0]


def test_a_mat_that_is_stuck_says_one_word_from_its_begin_on() -> None:
    found = laid("mat_empty")
    assert set(values(found, MAT, found.from_ms)) == {0.0}
    assert mat_at(found, found.from_ms - 1000) == 1.0
    assert values(laid("mat_inv"), MAT)[0] == 1.0


def test_a_mat_of_foam_is_20_min_late_both_ways() -> None:
    found = laid("mat_late")
    assert [mat_at(found, minute(at)) for at in (19, 21, 379)] == [0.0, 1.0, 1.0]


def test_a_mute_mat_is_unknown_from_its_begin_on() -> None:
    found = laid("mat_mute")
    assert found.no_mat_ms == found.from_ms


def test_a_clock_set_back_writes_the_same_minutes_twice() -> None:
    found = laid("clock_m40")
    from_ms = found.from_ms - 40 * MINUTE_MS
    twice = [t for t, _ in found.readings[COUNTS] if from_ms <= t < found.from_ms]
    assert len(twice) == pytest.approx(2 * 40 * 6, abs=2)


def test_a_gap_takes_all_channels_and_a_hole_only_the_leg_s() -> None:
    found, hole = laid("gap40"), laid("leg_hole6_once")
    assert not any(found.from_ms <= t < found.to_ms for s in found.readings.values() for t, _ in s)
    assert found.to_ms - found.from_ms == 40 * MINUTE_MS
    assert not any(hole.from_ms <= t < hole.to_ms for t, _ in hole.readings[LEG])
    assert hole.readings[COUNTS] == small().readings[COUNTS]


def test_a_mat_is_left_alone_by_the_other_faults() -> None:
    for name in FAULTS:
        if name.startswith(("leg_", "room_", "mov_")):
            assert laid(name).readings.get(MAT) == small().readings[MAT]
