"""A night through a real broker to a real ntfy server, and the answer tapped on the phone."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import urllib3

from end_to_end.house import House, wait_until, write_night
from end_to_end.ntfy import NtfyServer, Phone, tap
from legwatch.events import Window
from legwatch.testing import night, uncovering

ANNA = {"role": "sleeper", "channels": ["ntfy"], "address": {"ntfy": "bed-anna"}}
BERT = {"channels": ["ntfy"], "language": "de", "address": {"ntfy": "bed-bert"}}


def uncovered() -> Iterator[Window]:
    """Legs bare from the 100th minute to the 200th; the room's thermometer dies at the 125th."""
    return night(
        leg=uncovering((100, 200), uncovered_c=25),
        room=lambda m: 18.0 if m < 125 else None,
        moves=lambda m: 1 if m % 10 < 0.1 else 0,
        minutes=240,
    )


@pytest.fixture
def ward(house: House, ntfy: NtfyServer) -> House:
    house.server_env = {"LEGWATCH_NTFY_TOKEN": ntfy.token}
    house.write_server(
        people={"anna": ANNA, "bert": BERT},
        rules={"stillness.joint_s": 0, "warmth.not_answered_s": 7200, "warmth.early_s": 0},
        push={"ntfy": {"url": ntfy.url}},
        answers={"url": f"http://127.0.0.1:{house.http_port}"},
    )
    return house


def test_a_tap_on_the_phone_silences_one_kind_survives_a_kill_and_ends_on_time(
    ward: House, ntfy: NtfyServer, tmp_path: Path
) -> None:
    phone, carer = Phone(ntfy, "bed-anna"), Phone(ntfy, "bed-bert")
    ward.broker()
    server = ward.server()
    windows = list(uncovered())
    # The quiet sign is read before the alarm comes: one that still waits is left out for it.
    ward.agent("b", write_night(windows[: 109 * 6], tmp_path / "quiet.csv")).wait()
    wait_until(lambda: phone.messages(2), "the quiet sign on the phone")
    first = write_night(windows[109 * 6 : 122 * 6], tmp_path / "first.csv")
    ward.agent("b", first).wait()
    wait_until(lambda: phone.messages(4), "the alarm on the phone")
    quiet, loud = phone.messages(2)[0], phone.messages(4)[0]
    assert quiet["sequence_id"] == loud["sequence_id"]  # the alarm takes the quiet sign's place
    assert loud["title"].startswith("Your legs may be cold (")
    assert "Cover your legs." in loud["message"]
    labels = ["Seen", "Quiet for 30 min", "Not useful"]
    assert [a["label"] for a in loud["actions"]] == labels
    assert all(a["clear"] and a["action"] == "http" for a in loud["actions"])
    assert not {"cold", "leg", "anna", "snooze"} & set(loud["actions"][1]["url"].split("/"))

    seen = urllib3.request("GET", loud["actions"][1]["url"])
    assert (seen.status, kinds(ward, "snoozed")) == (200, [])  # looking changes nothing
    assert tap(loud, "Quiet for 30 min") == 200
    snoozed = kinds(ward, "snoozed")
    assert [n["kind"] for n in snoozed] == ["cold"]
    assert snoozed[0]["figures"] == {"for_min": 30}
    server.kill()
    ward.server()
    assert tap(loud, "Quiet for 30 min") == 200  # the phone's own retry: noted once
    assert len(kinds(ward, "snoozed")) == 1

    second = write_night(windows[122 * 6 : 160 * 6], tmp_path / "second.csv")
    ward.agent("b", second).wait()
    wait_until(lambda: [m for m in phone.messages(4) if "sensor" in m["title"]], "the other kind")
    wait_until(lambda: len([m for m in phone.messages(4) if "cold" in m["title"]]) >= 2, "again")
    # Only now: what is not sent yet when the legs are warm again is called off, as it should be.
    ward.agent("b", write_night(windows[160 * 6 :], tmp_path / "third.csv")).wait()
    wait_until(lambda: kinds(ward, "resolved"), "the end of the night")
    over = kinds(ward, "repeated", "snooze_over")
    assert [n["kind"] for n in over] == ["cold"]
    assert minutes(snoozed[0], over[0]) in (30, 31)  # judged at the next full minute
    sensor = kinds(ward, "fired", "no_readings")
    assert minutes(snoozed[0], sensor[0]) < 30
    for one in (phone, carer):
        one.close()


def test_each_button_works_and_recovery_replaces_the_alarm(
    ward: House, ntfy: NtfyServer, tmp_path: Path
) -> None:
    phone = Phone(ntfy, "bed-anna")
    ward.broker()
    ward.server()
    windows = list(uncovered())
    ward.agent("b", write_night(islice(windows, 122 * 6), tmp_path / "first.csv")).wait()
    wait_until(lambda: phone.messages(4), "the alarm on the phone")
    loud = phone.messages(4)[0]
    assert tap(loud, "Seen") == 200
    assert tap(loud, "Not useful") == 200
    assert [n["reason"] for n in kinds(ward, "acknowledged")] == ["by_person"]
    assert ward.rows("SELECT act, person, via FROM answers ORDER BY id") == [
        ("seen", "anna", "link"),
        ("useless", "anna", "link"),
    ]
    ward.agent("b", write_night(windows[122 * 6 :], tmp_path / "second.csv")).wait()
    wait_until(lambda: kinds(ward, "resolved"), "the end of the alert")

    def over() -> list[dict[str, Any]]:
        return [m for m in phone.messages(2) if m["title"].startswith("Warm again")]

    wait_until(over, "the all-clear")
    assert over()[0]["sequence_id"] == loud["sequence_id"]
    assert "message_delete" in [event["event"] for event in phone.heard]
    assert len([m for m in phone.messages(4) if "cold" in m["title"]]) == 1
    phone.close()


def kinds(house: House, what: str, reason: str = "") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in house.lines("b")]
    return [n for n in lines if n["what"] == what and reason in n["reason"]]


def minutes(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the minutes between two notice lines."""
    a, b = (datetime.fromisoformat(n["at"]) for n in (one, other))
    return (b - a).total_seconds() / 60
