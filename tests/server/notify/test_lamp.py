"""The evening's test of the lamp at a bed: which bed, for people who name none."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main as legwatch
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch.testing import ms
from legwatch_server.notify.channels import Permanent, Push, build_channel
from legwatch_server.notify.channels.mqtt import Bedside
from legwatch_server.settings import ServerSettings
from server.notify.test_escalation import cold
from server.ward import open_ward

HALF_PAST_EIGHT = ms("2026-01-02T20:30Z")
ANNA = {"channels": ["phone"], "quiet": ["mqtt"]}
TWO: dict[str, Any] = {"b": {}, "c": {}}


def evening_push(folder: Path, *heard: str, **settings: Any) -> Push:
    """Return the push by which the lamp is tested on the evening after the beds were heard."""
    ward = open_ward(folder, rehearsal={"at": "20:30"}, **settings)
    try:
        for bed in heard:
            ward.play(bed, 2, cold)
        ward.run_to(HALF_PAST_EIGHT + 24 * 3_600_000 + 60_000)
        *_, last = (
            got.push
            for got in ward.pushes.tried
            if got.channel == "mqtt" and got.push.purpose is Purpose.REHEARSAL
        )
        return last
    finally:
        ward.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heard", "more", "beds", "bed"),
    [
        (("b",), {}, {}, "b"),
        ((), {}, {"b": {}}, "b"),
        (("b",), {}, {"b": {}}, "b"),
        (("b", "c"), {}, {}, ""),
        (("b", "c"), {"beds": ["c"]}, {}, "c"),
        (("b", "c"), {"address": {"mqtt": "c"}}, {}, "c"),
        (("b", "c"), {}, {"c": {"ended": True}}, "b"),
        ((), {}, {}, ""),
    ],
)
def test_the_evenings_test_goes_to_the_only_bed(
    tmp_path: Path, heard: tuple[str, ...], more: dict[str, Any], beds: dict[str, Any], bed: str
) -> None:
    push = evening_push(tmp_path, *heard, people={"anna": {**ANNA, **more}}, beds=beds)
    assert (push.to, push.bed, push.person) == (bed, "", "anna")


@pytest.mark.slow
def test_a_mistyped_bed_that_was_taken_out_again_is_no_choice(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, rehearsal={"at": "20:30"}, people={"anna": ANNA}, beds=TWO)
    ward.turn()  # the store has both from here on
    ward.take_over(replace(ward.settings, beds={"b": ward.settings.beds["b"]}))
    ward.run_to(HALF_PAST_EIGHT + 24 * 3_600_000 + 60_000)
    *_, last = (got.push for got in ward.pushes.tried if got.channel == "mqtt")
    assert last.to == "b"
    ward.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("people", "key"),
    [({"anna": ANNA}, "people.anna.address.mqtt"), ({}, "people.NAME.address.mqtt")],
)
def test_a_test_of_no_bed_says_which_key_names_it(
    tmp_path: Path, people: dict[str, Any], key: str
) -> None:
    push = evening_push(tmp_path, people=people, beds=TWO, push={"channels": ["mqtt"]})
    settings = load(ServerSettings, {"people": people, "push": {"channels": ["mqtt"]}})
    with pytest.raises(Permanent) as caught:
        build_channel(Bedside, "mqtt", settings).rehearse(push)
    assert str(caught.value) == f"no bed given: {key} must name the bed"


@pytest.mark.parametrize(
    ("more", "beds", "said"),
    [
        ({}, TWO, True),
        ({"channels": ["mqtt"], "quiet": []}, TWO, True),
        ({"beds": ["b"]}, TWO, False),
        ({"address": {"mqtt": "b"}}, TWO, False),
        ({"quiet": []}, TWO, False),
        ({}, {"b": {}}, False),
        ({}, {"b": {}, "c": {"ended": True}}, False),
    ],
)
def test_check_config_says_that_the_lamp_cannot_be_evening_push(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, Any],
    beds: dict[str, Any],
    said: bool,
) -> None:
    phone = {"push": {"channels": ["console"]}, "zone": "UTC", "state_dir": f"{tmp_path}/state"}
    anna = {**ANNA, "channels": ["console"], **more}
    file = tmp_path / "server.toml"
    file.write_text(dumps({**phone, "people": {"anna": anna, "bert": {}}, "beds": beds}))
    assert legwatch(["check-config", str(file)]) == 0
    doubt = (
        "people.anna.address.mqtt: not set, so the evening's test cannot choose a lamp (b, c):"
        " name the bed; alerts then go to its lamp, too"
    )
    assert (doubt in capsys.readouterr().out) is said
