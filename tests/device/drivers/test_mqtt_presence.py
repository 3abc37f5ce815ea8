"""A mat that others publish: its word holds until the next one, while the mat is there."""

from typing import Any

import pytest

from device.drivers.published import LIFE, Published
from legwatch.errors import SettingsError
from legwatch_device.drivers import ReadFault
from legwatch_device.drivers.mqtt.link import Down, Up


def mat(*, answers: bool = True, **options: Any) -> Published:
    return Published("presence", {"availability": [LIFE], **options}, answers)


def fault(bed: Published) -> str:
    with pytest.raises(ReadFault) as found:
        bed.driver.present()
    return str(found.value)


def test_a_word_holds_until_the_next_one_and_is_unknown_before_the_first() -> None:
    bed = mat()
    assert bed.driver.present() is None
    bed.say("ON")
    bed.later(7200)
    assert bed.driver.present() is True
    bed.say("OFF")
    assert bed.driver.present() is False


def test_the_owner_may_have_other_words() -> None:
    bed = mat(field="state", on=["Occupied"], off=["vacant"])
    bed.say({"state": "occupied"})
    assert bed.driver.present() is True
    bed.say({"state": "VACANT"})
    assert bed.driver.present() is False
    bed.say({"battery": 3})
    assert bed.driver.present() is False
    bed.say({"state": True})
    assert fault(bed) == "strange_word"


def test_a_word_from_before_the_connection_holds_no_more() -> None:
    bed = mat()
    bed.say("ON", retained=True)
    assert bed.driver.present() is None
    bed.say("ON")
    assert bed.driver.present() is True
    bed.hear(Down())
    assert fault(bed) == "no_broker"
    bed.hear(Up())
    bed.say("ON", retained=True)
    assert bed.driver.present() is None


@pytest.mark.parametrize("said", ["unavailable", "unknown", "", "null"])
def test_unavailable_ends_what_was_known(said: str) -> None:
    bed = mat()
    bed.say("ON")
    bed.say(said)
    assert [fault(bed), fault(bed)] == ["unavailable"] * 2


def test_a_mat_that_goes_offline_is_unknown_also_after_it_is_back() -> None:
    bed = mat()
    bed.say("ON")
    bed.say("offline", topic=LIFE)
    assert fault(bed) == "unavailable"
    bed.say("online", topic=LIFE)
    assert bed.driver.present() is None
    bed.say("ON")
    assert bed.driver.present() is True


def test_a_mat_without_a_word_for_too_long_is_gone() -> None:
    bed = mat(availability=[], silent_s=3600)
    bed.say("ON")
    bed.later(3601)
    assert fault(bed) == "silent"
    bed.say("ON")
    assert bed.driver.present() is True


def test_the_word_of_a_dead_mat_must_not_hold_for_ever() -> None:
    with pytest.raises(SettingsError, match=r"^sensors\.x\.availability: give topics that say"):
        mat(availability=[])
