"""A movement sensor that others publish: what counts as a movement, and for how long."""

from typing import Any

import pytest

from device.drivers.published import LIFE, Published
from legwatch.errors import SettingsError
from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_device.drivers.mqtt.link import Down, Up

AQARA: dict[str, Any] = {
    "field": "action",
    "on": ["vibration", "tilt", "drop"],
    "off": [""],
    "same_is_new": True,
}


def motion(*, answers: bool = True, **options: Any) -> Published:
    return Published("motion", {"availability": [LIFE], **options}, answers)


def fault(bed: Published) -> str:
    with pytest.raises(ReadFault) as found:
        bed.driver.seen()
    return str(found.value)


def test_each_event_is_a_movement_and_what_has_none_is_not() -> None:
    bed = motion(**AQARA)
    assert bed.driver.seen() == MotionSample(0)
    for action in ("vibration", "tilt", "drop", "vibration", ""):
        bed.say({"action": action, "strength": 12})
    bed.say({"strength": 12, "battery": 100})
    assert bed.driver.seen() == MotionSample(4)
    bed.later(10)
    assert bed.driver.seen() == MotionSample(0)


def test_a_line_that_is_held_and_copied_is_one_movement() -> None:
    bed = motion(field="vibration", hold_s=90)
    bed.say({"vibration": False})
    seen = []
    for second in range(0, 200, 10):
        if second < 90:  # the copies come with the strength and the angles
            bed.say({"vibration": True, "strength": second})
        elif second == 90:
            bed.say({"vibration": False})
        bed.later(10)
        seen.append(bed.driver.seen())
    assert sum(sample.moves for sample in seen) == 1
    assert sum(sample.active_s for sample in seen) == 0.0


def test_the_hold_of_a_sensor_is_subtracted_from_the_time_it_is_on() -> None:
    bed = motion(hold_s=60, same_is_new=True)
    bed.say("ON")  # somebody moves for 45 s, so it is on for 105
    seen = []
    for window in range(15):
        if window == 10:
            bed.later(5)
            bed.say("OFF")
            bed.later(5)
        else:
            bed.later(10)
        seen.append(bed.driver.seen())
    assert [sample.moves for sample in seen] == [1, *[0] * 14]
    assert [sample.active_s for sample in seen] == [*[0.0] * 6, 10, 10, 10, 10, 5, 0, 0, 0, 0]


def test_without_a_known_hold_the_seconds_are_not_known() -> None:
    bed = motion(same_is_new=True)
    bed.say("ON")
    bed.later(10)
    assert bed.driver.seen() == MotionSample(1, None, None)


def test_a_line_without_a_hold_is_measured_as_one_on_a_pin() -> None:
    bed = motion(hold_s=0, same_is_new=True)
    bed.say("ON")
    bed.later(3)
    bed.say("OFF")
    bed.later(7)
    assert bed.driver.seen() == MotionSample(1, 3.2, 3.0)  # it may bounce for 0.2 s


def test_the_first_word_may_be_a_copy() -> None:
    bed = motion(field="vibration")
    bed.say({"vibration": True})
    assert bed.driver.seen().moves == 0
    bed.say({"vibration": False})
    bed.say({"vibration": True})
    assert bed.driver.seen().moves == 1


def test_what_is_retained_or_old_is_no_movement() -> None:
    bed = motion(same_is_new=True)
    bed.say("ON", retained=True)
    assert bed.driver.seen() == MotionSample(0)
    bed = motion(**AQARA, time="last_seen")
    bed.say({"action": "drop", "last_seen": bed.clock.now_ms - 300_000})
    bed.say({"action": "drop", "last_seen": bed.clock.now_ms})
    assert bed.driver.seen() == MotionSample(1)


def test_a_window_in_which_the_broker_was_away_is_unknown_and_the_next_is_not() -> None:
    bed = motion(same_is_new=True)
    bed.say("ON")
    bed.hear(Down())
    bed.hear(Up())
    assert fault(bed) == "no_broker"
    bed.later(10)
    assert bed.driver.seen() == MotionSample(0)
    bed.hear(Down())
    assert [fault(bed), fault(bed)] == ["no_broker"] * 2
    bed.hear(Up())
    assert fault(bed) == "no_broker"
    assert bed.driver.seen() == MotionSample(0)


def test_a_broker_that_is_there_from_the_begin_leaves_no_fault() -> None:
    assert motion().driver.seen() == MotionSample(0)
    assert fault(motion(answers=False)) == "no_broker"


@pytest.mark.parametrize(
    ("said", "name"),
    [("unavailable", "unavailable"), ("", "unavailable"), ("maybe", "strange_word")],
)
def test_a_word_that_says_neither_is_a_fault_until_one_does(said: str, name: str) -> None:
    bed = motion(same_is_new=True)
    bed.say(said)
    assert [fault(bed), fault(bed)] == [name] * 2
    bed.say("OFF")
    assert bed.driver.seen() == MotionSample(0)


def test_a_sensor_that_is_offline_counts_nothing() -> None:
    bed = motion(**AQARA)
    bed.say("offline", topic=LIFE)
    bed.say({"action": "drop"})
    assert fault(bed) == "unavailable"
    bed.say("online", topic=LIFE)
    assert fault(bed) == "unavailable"  # in a part of this window
    bed.say({"action": "drop"})
    assert bed.driver.seen() == MotionSample(1)


def test_a_sensor_without_a_message_for_too_long_is_gone() -> None:
    bed = motion(**AQARA, silent_s=4000)
    bed.later(3999)
    bed.say({"battery": 100})  # it lives
    bed.later(3999)
    assert bed.driver.seen() == MotionSample(0)
    bed.later(2)
    assert fault(bed) == "silent"
    bed.say({"action": "tilt"})
    assert bed.driver.seen().moves == 1


def test_a_dead_sensor_must_be_told_from_a_still_sleeper() -> None:
    with pytest.raises(SettingsError, match=r"^sensors\.x\.availability: give topics that say"):
        motion(availability=[])


@pytest.mark.parametrize("hold_s", [None, 0, 60])
def test_more_is_never_told_than_has_passed(hold_s: float | None) -> None:
    more: dict[str, Any] = {} if hold_s is None else {"hold_s": hold_s}
    bed = motion(same_is_new=True, **more)
    for count in range(60):
        bed.say("ON" if count % 3 else "OFF")
        bed.later(7)
        sample = bed.driver.seen()
        assert sample.moves in (0, 1)
        assert (sample.active_s or 0.0) <= 7.0
