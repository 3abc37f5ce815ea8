"""`legwatch settings set` names a person or bed that it has made: it may be a mistyped one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.loaded_house import LoadedHouse, loaded_house
from server.notify.test_escalation import cold

Said = pytest.CaptureFixture[str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LoadedHouse]:
    with loaded_house(tmp_path, beds={"bedroom": {}}) as made:
        yield made


def sets(house: LoadedHouse, capsys: Said, key: str, value: str) -> list[str]:
    code, out, _err = house.run(capsys, "settings", "set", key, value)
    assert code == 0
    return out.splitlines()[1:]


def test_a_mistyped_person_is_said_to_be_a_new_one(house: LoadedHouse, capsys: Said) -> None:
    new = "annna is a new person; known: anna, helga, karl. `legwatch settings undo` takes it back."
    assert sets(house, capsys, "people.annna.language", "de") == [new]
    assert sets(house, capsys, "people.annna.language", "en") == []
    assert sets(house, capsys, "people.anna.language", "de") == []
    assert sets(house, capsys, "push.workers", "3") == []


def test_a_mistyped_bed_is_said_to_be_a_new_one(house: LoadedHouse, capsys: Said) -> None:
    house.server.play("heard", 1, cold)
    new = "bedrom is a new bed; known: bedroom, heard. `legwatch settings undo` takes it back."
    assert sets(house, capsys, "beds.bedrom.profile", "at_risk") == [new]
    assert sets(house, capsys, "beds.heard.profile", "at_risk") == []
    assert sets(house, capsys, "beds.bedroom.rules.stillness.warn_s", "7200") == []


def test_the_first_person_is_new_too(tmp_path: Path, capsys: Said) -> None:
    with loaded_house(tmp_path, people={}, roster=[]) as house:
        (said,) = sets(house, capsys, "people.anna.language", "de")
    assert said.startswith("anna is a new person; known: none.")
