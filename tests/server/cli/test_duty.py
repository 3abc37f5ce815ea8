"""`legwatch duty`: which night is tonight, and which was the last one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.errors import SettingsError
from legwatch_server.cli import duty
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer

TABLE: dict[str, Any] = {
    "zone": "UTC",
    "people": {name: {"channels": ["console"]} for name in ("anna", "fred", "sara")},
    "roster": [
        {"people": ["anna"]},
        {"people": ["fred"], "nights": ["fri"]},
        {"people": ["sara"], "nights": ["sat"]},
    ],
}
FRIDAY, SATURDAY = 27, 28  # of November 2026


def nights(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    day: int,
    hour: int,
) -> list[str]:
    """Return the lines of the nights at this day and hour."""
    path = folder / "server.toml"
    path.write_text(dumps({"state_dir": str(folder / "state"), **TABLE}))
    at_ms = int(datetime(2026, 11, day, hour, tzinfo=UTC).timestamp() * 1000)
    monkeypatch.setattr(duty, "server_ms", lambda _folder: at_ms)
    duty.main(["--config", str(path), "--nights", "2"])
    return [line for line in capsys.readouterr().out.splitlines() if " Nov  " in line]


@pytest.mark.parametrize("hour", [10, 11])
def test_on_a_saturday_morning_tonight_is_saturday(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, hour: int
) -> None:
    assert nights(tmp_path, capsys, monkeypatch, SATURDAY, hour) == [
        "  Fri 27 Nov  last night, told until noon: fred",
        "  Sat 28 Nov  tonight  sara",
        "  Sun 29 Nov           anna",
    ]


@pytest.mark.parametrize("at", [(FRIDAY, 12), (FRIDAY, 21), (SATURDAY, 2), (SATURDAY, 9)])
def test_a_night_belongs_to_the_day_on_which_it_starts_until_it_ends(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    at: tuple[int, int],
) -> None:
    assert nights(tmp_path, capsys, monkeypatch, *at) == [
        "  Fri 27 Nov  tonight  fred",
        "  Sat 28 Nov           sara",
    ]


def test_whether_all_is_well_is_asked_of_the_people_of_the_night_that_comes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    table = {"state_dir": str(state), **TABLE}
    (tmp_path / "server.toml").write_text(dumps(table))
    at_ms = int(datetime(2026, 11, SATURDAY, 11, tzinfo=UTC).timestamp() * 1000)
    InProcessServer(state, read(tmp_path / "server.toml"), begin_ms=at_ms).close()
    monkeypatch.setattr(duty, "server_ms", lambda _folder: at_ms)
    duty.main(["--config", str(tmp_path / "server.toml"), "--nights", "1"])
    off = {
        line.split()[0]: "not on duty tonight" in line
        for line in capsys.readouterr().out.splitlines()
        if " console " in line
    }
    assert off == {"anna": True, "fred": True, "sara": False}


def test_a_push_is_tried_now_by_each_channel_of_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "server.toml"
    nobody = "http://127.0.0.1:9"  # nothing listens on the discard port
    people = {
        "anna": {"channels": ["console"], "language": "de"},
        "karl": {
            "channels": ["ntfy", "mqtt"],
            "quiet": ["console"],
            "address": {"ntfy": "a-topic-of-karl"},
        },
    }
    table = {"people": people, "push": {"ntfy": {"url": nobody}}}
    path.write_text(dumps({"state_dir": str(tmp_path / "state"), "zone": "UTC", **table}))
    at = ["--config", str(path), "--push"]
    assert duty.main([*at, "anna"]) == 0
    said = capsys.readouterr().out
    assert "Ein Test von legwatch. So kommt ein Push mit Ton." in said
    assert "anna         console    " in said
    assert "sent; look whether it comes" in said
    assert duty.main([*at, "karl"]) == 1
    said = capsys.readouterr().out
    assert "A test of legwatch. A push with a sound comes like this." in said
    assert "karl         ntfy       NOT SENT: " in said
    assert (
        "karl         mqtt       only the server can send by it; it tries it each evening" in said
    )
    with pytest.raises(SettingsError, match=r"--push: there is no 'nobody'; known: anna, karl"):
        duty.main([*at, "nobody"])
    assert not (tmp_path / "state").exists()  # nothing of it is stored


def test_what_somebody_on_call_is_not_woken_for_is_said_with_who_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    never = dict.fromkeys(("cold", "still", "sensor", "agent"), "never")
    people = {"karl": {"channels": ["console"], "woken_for": never}, "anna": {}}
    table = {"people": people, "roster": [{"people": ["karl", "anna"]}], "beds": {"b": {}}}
    monkeypatch.setitem(TABLE, "people", table["people"])
    monkeypatch.setitem(TABLE, "roster", table["roster"])
    monkeypatch.setitem(TABLE, "beds", table["beds"])
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(tmp_path / "state"), **TABLE}))
    duty.main(["--config", str(path), "--nights", "1"])
    said = capsys.readouterr().out
    assert "tonight  karl -> anna\n" in said
    others = ("cold legs", "lying still", "a sensor that fails", "a bedside that is silent")
    assert f"  but {'; '.join(f'{what}: anna' for what in others)}\n" in said


def test_whom_only_the_log_tells_is_amber_and_last_while_others_have_a_phone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    phone = {"channels": ["ntfy"], "address": {"ntfy": "a-long-odd-topic"}}
    people = {"anna": {"channels": ["console"]}, "karl": phone}
    table = {"people": people, "zone": "UTC", "beds": {"b": {}}, "state_dir": str(state)}
    (tmp_path / "server.toml").write_text(dumps(table))
    InProcessServer(state, read(tmp_path / "server.toml"), begin_ms=0).close()
    duty.main(["--config", str(tmp_path / "server.toml"), "--nights", "1"])
    said = capsys.readouterr().out
    assert "karl -> anna" in said
    assert "console    AMBER: it is the server's log, and wakes nobody: give a channel" in said
