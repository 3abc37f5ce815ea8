"""Commands show what the server has loaded, not what stands in the file, and say what differs."""

import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch_runtime.system_zone import machine_zone
from legwatch_server.hidden import MARK
from legwatch_server.in_force import in_force
from legwatch_server.notify.channels import open_channels
from legwatch_server.run_by import MADE_FROM, UNDER_UP, WATCH, commands
from legwatch_server.settings import (
    AT_THE_NEXT_START,
    CHANNELS,
    PushTable,
    ServerSettings,
    needs_start,
)
from legwatch_server.settings_file import change, changes_file
from repository import REPO
from server.loaded_house import DUTY, LoadedHouse, loaded_house
from server.notify.test_escalation import cold
from server.ward import BEGIN
from strangers import Stranger

Said = pytest.CaptureFixture[str]
ANNA = [{"people": ["anna"]}]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LoadedHouse]:
    with loaded_house(tmp_path) as made:
        yield made


def remarks(house: LoadedHouse) -> list[str]:
    return list(in_force(house.file).remarks())


def test_duty_names_whom_the_server_would_tell_and_not_whom_the_file_names(
    house: LoadedHouse, capsys: Said
) -> None:
    house.edit(roster=ANNA)
    _, out, err = house.run(capsys, "duty", "--nights", "1")
    assert "tonight  karl -> helga" in out
    assert "Changed on disk, not yet in force: roster. To put it in force: " in err
    assert house.reload()
    _, out, err = house.run(capsys, "duty", "--nights", "1")
    assert "tonight  anna" in out
    assert err == ""


def test_a_limit_that_is_left_out_is_no_change(house: LoadedHouse) -> None:
    house.edit(rules={"presence.warm_c": 30.0})
    assert remarks(house) == []
    house.edit(rules={"presence.warm_c": 30.0, "warmth.plain_c": 27.0})
    assert "not yet in force: rules.warmth.plain_c. To" in " ".join(remarks(house))


def test_an_explained_alert_that_names_a_limit_says_which_limits_are_not_in_force(
    house: LoadedHouse, capsys: Said
) -> None:
    while not house.server.rows("SELECT id FROM notices WHERE rule IS NOT NULL"):
        house.server.play("b", 10, cold)
    (first,) = house.server.rows("SELECT min(id) FROM notices WHERE rule IS NOT NULL")[0]
    house.edit(rules={"warmth.warn_c": 25.0})
    code, out, err = house.run(capsys, "alerts", "explain", str(first))
    assert code == 0
    assert "Rule: " in out
    assert "Changed on disk, not yet in force: rules.warmth.warn_c. " in err
    assert house.reload()
    assert house.run(capsys, "alerts", "explain", str(first))[2] == ""


def test_nothing_is_said_while_file_and_server_agree(house: LoadedHouse) -> None:
    assert remarks(house) == []
    house.edit(people={**house.table["people"], "anna": {"channels": ["console"], "role": "carer"}})
    assert len(remarks(house)) == 1
    assert house.reload()
    assert remarks(house) == []


def test_a_further_bed_without_a_key_of_its_own_is_said_until_it_is_in_force(
    house: LoadedHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = house.table.get("beds", {})
    for beds in ({**before, "bed2": {}}, before):
        house.edit(beds=beds)
        (said,) = remarks(house)
        assert said.startswith("Changed on disk, not yet in force: beds.bed2. To put it in force: ")
        assert house.reload()
        assert remarks(house) == []
        assert caplog.messages[-1] == "settings taken over: beds.bed2"


def test_what_needs_a_new_start_stays_as_it_was_and_is_named(house: LoadedHouse) -> None:
    house.edit(mqtt={"port": 2883}, roster=ANNA)
    now, later = remarks(house)
    assert now.startswith("Changed on disk, not yet in force: roster. To put it in force: ")
    assert later.startswith("Changed on disk, in force after a new start: mqtt.port. To do so: ")
    assert house.reload()
    assert remarks(house) == [later]
    assert in_force(house.file).settings.mqtt.port == 1883
    house.end()
    house.start()
    assert remarks(house) == []
    assert in_force(house.file).settings.mqtt.port == 2883


@pytest.mark.parametrize(
    ("text", "why"),
    [("zone =", "not TOML"), ('zone = "Nowhere"', "zone"), ("x = 1", "no such key")],
)
def test_with_a_broken_file_commands_show_what_is_in_force_and_say_what_is_wrong(
    house: LoadedHouse, capsys: Said, text: str, why: str
) -> None:
    house.file.write_text(f'state_dir = "{house.folder}"\n{text}\n')
    for words in (["duty"], ["alerts"], ["learned"], ["settings"]):
        _, out, err = house.run(capsys, *words)
        said = out + err
        assert f"The settings on the disk ({house.file}) cannot be used: " in said, words
        assert why in said, words
        assert "The server goes on with what it loaded at 02 Jan 21:00." in said, words
    _, out, _ = house.run(capsys, "duty", "--nights", "1")
    assert "karl -> helga" in out


def test_a_refusal_is_told_until_something_was_taken_over(house: LoadedHouse) -> None:
    good = house.table["people"]
    house.edit(people={**good, "karl": {"channels": ["pushover"], "address": {"pushover": "x y"}}})
    assert not house.reload()
    refused, changed = remarks(house)
    assert refused.startswith("At 02 Jan 21:00 the server refused the changed settings: ")
    assert "people.karl" in refused
    assert changed.startswith("Changed on disk, not yet in force: people.karl")
    house.edit(people=good)
    assert house.reload()
    assert remarks(house) == []


def test_a_secret_that_is_missing_needs_a_new_start(
    house: LoadedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEGWATCH_PUSHOVER_TOKEN", raising=False)
    good = house.table["people"]
    pushover = {"channels": ["pushover"], "address": {"pushover": "u" * 30}}
    house.edit(people={**good, "karl": pushover})
    assert not house.reload()
    refused, changed = remarks(house)
    assert "LEGWATCH_PUSHOVER_TOKEN" in refused
    assert house.watch._loaded().restart in changed


def test_the_server_is_down_and_that_is_said_with_its_end(house: LoadedHouse, capsys: Said) -> None:
    house.edit(roster=ANNA)
    house.server.idle(3_600_000)
    house.end()
    down, changed = remarks(house)
    assert down == (
        f"The server is not running since 02 Jan 22:00; at its next start {house.file} counts."
    )
    assert changed == "Changed on disk since the server loaded it, shown as it was: roster."
    _, out, err = house.run(capsys, "duty", "--nights", "1")
    assert err.splitlines() == [down, changed]
    assert "karl -> helga" in out
    house.edit(roster=ANNA, beds={"b": {"paused_until": date(2099, 12, 24)}})
    _, out, err = house.run(capsys, "beds")
    assert "shown as it was: roster, beds.b.paused_until." in err
    assert "paused until" not in out  # as the other commands show it, too


def test_of_a_killed_server_it_is_said_when_it_was_seen_last(house: LoadedHouse) -> None:
    house.kill()
    (down,) = remarks(house)
    assert "is not running (last seen 02 Jan 21:00)" in down


def test_before_a_server_has_run_the_file_counts_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'state_dir = "{tmp_path}"\nprofile = "at_risk"\n')
    found = in_force(file)
    assert found.settings.profile == "at_risk"
    assert list(found.remarks()) == []


def test_a_change_by_a_program_counts_as_the_file_does(house: LoadedHouse) -> None:
    change(house.file, {"rules.stillness.warn_s": 7200}, open_channels)
    (said,) = remarks(house)  # the server looks by itself: nobody has to start it again
    assert said == "Changed just now, in force within seconds: rules.stillness.warn_s."
    os.utime(changes_file(house.file), (BEGIN / 1000, BEGIN / 1000))
    assert "not yet in force: rules.stillness.warn_s" in remarks(house)[0]
    assert house.watch.look()
    assert remarks(house) == []
    assert in_force(house.file).settings.rules_of("b").stillness.warn_s == 7200


def test_another_file_than_the_one_that_was_loaded_is_named(house: LoadedHouse) -> None:
    other = house.file.with_name("other.toml")
    other.write_text(house.file.read_text())
    assert list(in_force(other).remarks()) == [f"The server has loaded {house.file}, not {other}."]


def test_settings_says_what_is_in_force_since_when(house: LoadedHouse, capsys: Said) -> None:
    code, out, _ = house.run(capsys, "settings")
    assert code == 0
    assert f"In force since 02 Jan 21:00: {house.file}" in out.splitlines()


def test_no_secret_is_noted_and_a_changed_one_is_seen(tmp_path: Path) -> None:
    def table(mark: str) -> dict[str, object]:
        return {
            "people": {
                "anna": {"channels": ["ntfy"], "address": {"ntfy": f"{mark}-topic"}},
            },
            "roster": ANNA,
            "heartbeat": {"url": f"https://hc-ping.com/{mark}"},
            "push": {"ntfy": {"topic": f"{mark}-all", "url": f"https://ntfy.sh/{mark}"}},
        }

    with loaded_house(tmp_path, **table("SECRET1")) as house:
        stored = json.dumps(house.server.rows("SELECT * FROM meta"))
        assert "SECRET1" not in stored
        assert stored.count(MARK) == 4
        assert remarks(house) == []
        house.edit(**table("SECRET2"))
        now, later = remarks(house)
        for key in ("people.anna.address.ntfy", "push.ntfy.topic", "push.ntfy.url"):
            assert key in now
        assert "heartbeat.url" in later
        assert "SECRET" not in now + later


SAFE = """
from dataclasses import dataclass, field
from typing import Any
from legwatch.settings import setting
from legwatch_server.notify.channels import Sent
class Safe:
    @dataclass(frozen=True, slots=True)
    class Options:
        pin: int = setting(0, "the number that opens the gate")
        share: float = setting(0.5, "a number of the owner")
        codes: tuple[int, ...] = setting((), "more of them")
        loud: bool = setting(False, "whether it rings")
    def __init__(self, options, context): ...
    def send(self, push): return Sent()
"""


def test_no_number_of_an_outside_channel_can_be_read_and_a_changed_one_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Stranger(tmp_path, monkeypatch).has(SAFE, {CHANNELS: {"safe": "{}:Safe"}})

    def table(pin: int) -> dict[str, object]:
        options = {"pin": pin, "share": pin + 0.5, "codes": [pin, pin + 10], "loud": True}
        return {"push": {"safe": options, "workers": 4}}

    with loaded_house(tmp_path, **table(480071)) as house:
        (stored,) = house.server.rows("SELECT value FROM meta WHERE key='loaded'")[0]
        assert "4800" not in stored
        assert json.loads(stored)["table"]["push"]["safe"]["loud"].startswith(MARK)
        assert json.loads(stored)["table"]["push"]["workers"] == 4
        assert remarks(house) == []
        house.edit(**table(480072))
        (changed,) = remarks(house)
        for key in ("pin", "share", "codes"):
            assert f"push.safe.{key}" in changed
        assert "push.safe.loud" not in changed
        assert "4800" not in changed


def test_what_an_earlier_server_has_noted_is_not_said_to_be_changed(tmp_path: Path) -> None:
    push = {"ntfy": {"topic": "mine-of-ours", "timeout_s": 12}}
    with loaded_house(tmp_path, push=push) as house:
        (text,) = house.server.rows("SELECT value FROM meta WHERE key='loaded'")[0]
        noted = json.loads(text)
        noted["table"]["push"]["ntfy"]["timeout_s"] = 12  # as it stood there readably
        with house.server.store.transaction() as tx:
            tx._db.execute("UPDATE meta SET value=? WHERE key='loaded'", (json.dumps(noted),))
        assert remarks(house) == []
        house.edit(push={"ntfy": {**push["ntfy"], "timeout_s": 13}})
        assert "not yet in force: push.ntfy.timeout_s. " in remarks(house)[0]


def test_a_new_database_after_damage_has_it_too(house: LoadedHouse) -> None:
    with house.server.store.transaction() as tx:
        tx._db.execute("DELETE FROM meta WHERE key='loaded'")
    assert "is not known" in remarks(house)[0]
    house.server.idle(120_000)
    assert remarks(house) == []


def test_its_moment_follows_the_clock(house: LoadedHouse) -> None:
    house.server.clock.step(7_200_000)
    house.server.idle(180_000)
    found = in_force(house.file)
    assert found.since().startswith("In force since 02 Jan 23:00")


def _guide() -> dict[str, str]:
    """Return from the guide by key what puts it in force."""
    text = (REPO / "config" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+) \| (a .+) \|$", text, re.MULTILINE)
    keys = [(key, after) for row, after in rows for key in re.findall("`(.+?)`", _bare(row))]
    assert len(keys) == len(dict(keys))
    return dict(keys)


def _bare(row: str) -> str:
    return re.sub(r" \(.+?\)", "", row)


def test_a_push_to_try_says_that_the_file_names_another_phone_than_the_server_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loaded_house(tmp_path) as house:
        house.edit(people={**DUTY["people"], "bert": {"channels": ["console"]}})
        _, _, err = house.run(capsys, "duty", "--push", "bert")
    assert "people.bert" in err
    assert "not yet in force" in err


def test_what_legwatch_history_reads_at_its_own_start_waits_for_no_server(tmp_path: Path) -> None:
    with loaded_house(tmp_path) as house:
        house.edit(history={"enabled": True, "url": "http://127.0.0.1:8086"})
        found = in_force(house.file)
        assert found.changed == ()
        assert list(found.remarks()) == []


def test_the_guide_names_for_each_key_what_puts_it_in_force() -> None:
    guide = _guide()
    tables = {field.name for field in fields(ServerSettings)}
    inner = {f"push.{field.name}" for field in fields(PushTable)}
    assert guide.keys() - inner == tables
    assert {key for key in inner if needs_start([key])} == guide.keys() & inner
    for key, after in guide.items():
        assert after.startswith("a new start" if needs_start([key]) else "a reload"), key
    assert set(needs_start(guide)) == set(AT_THE_NEXT_START)


def test_under_up_the_owners_file_is_looked_at_and_not_the_one_that_up_has_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = tmp_path / "mine.toml"
    monkeypatch.setenv(UNDER_UP, WATCH)
    monkeypatch.setenv(MADE_FROM, str(owners))
    with loaded_house(tmp_path, mqtt={"port": 2883}, http={"port": 8399}) as house:
        own = {key: value for key, value in house.table.items() if key in {*DUTY, "zone"}}
        owners.write_text(dumps({**own, "mqtt": {"port": 1}}))
        assert remarks(house) == []
        owners.write_text(dumps({**own, "roster": ANNA}))
        (changed,) = remarks(house)
        assert changed.startswith("Changed on disk, not yet in force: roster. ")
        assert changed.endswith("To put it in force: end `legwatch up`, and start it again")
        change(house.file, {"rules.stillness.warn_s": 7200}, open_channels)
        soon, edited = remarks(house)
        assert soon == "Changed just now, in force within seconds: rules.stillness.warn_s."
        assert edited == changed
        owners.write_text("zone = 5")
        assert f"The settings on the disk ({owners}) cannot be used: zone: " in remarks(house)[0]
        other = tmp_path / "other.toml"
        other.write_text(f'state_dir = "{house.folder}"\nx = 1\n')
        _, wrong, _ = in_force(other).remarks()
        assert wrong.startswith(f"The settings on the disk ({other}) cannot be used: x: ")


UNIT = "0::/system.slice/{}.service\n"


@pytest.mark.parametrize(
    ("environ", "cgroup", "said"),
    [
        ({"SYSTEMD_EXEC_PID": "own"}, "legwatch-server", "sudo systemctl reload legwatch-server"),
        ({UNDER_UP: WATCH}, "ssh", "end `legwatch up`, and start it again"),
        (
            {UNDER_UP: WATCH, "SYSTEMD_EXEC_PID": "up"},
            "legwatch",
            "sudo systemctl restart legwatch",
        ),
        (
            {UNDER_UP: WATCH, "INVOCATION_ID": "0a"},
            "ssh",
            "end `legwatch up`, and start it again (as a unit: sudo systemctl restart legwatch)",
        ),
        ({"SYSTEMD_EXEC_PID": "7"}, "ssh", "kill -HUP {own}"),
    ],
)
def test_the_command_is_the_one_of_who_has_started_the_server(
    environ: dict[str, str], cgroup: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "cgroup"
    file.write_text(UNIT.format(cgroup))
    pids = {"own": str(os.getpid()), "up": str(os.getppid())}
    table = {key: pids.get(value, value) for key, value in environ.items()}
    assert commands(table, cgroup=file, containers=()).reload == said.format(**pids)


def test_a_server_without_a_zone_keeps_that_of_its_start_and_a_new_one_of_the_machine_is_said(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Etc/UTC")
    machine_zone.cache_clear()
    with loaded_house(tmp_path, zone="") as house:
        assert not [line for line in remarks(house) if "zone" in line]
        monkeypatch.setenv("TZ", "Europe/Berlin")
        machine_zone.cache_clear()
        _, out, err = house.run(capsys, "duty", "--nights", "1")
        assert "Nights and hours are those of Etc/UTC." in out
        assert "The zone of this machine is Europe/Berlin now (TZ), and the server goes" in err
        assert str(in_force(house.file).settings.rules_of("b").zone) == "Etc/UTC"
        assert "(Etc/UTC)" in house.run(capsys, "alerts")[1]
        house.end()
        assert not [line for line in remarks(house) if "The zone" in line]
        assert in_force(house.file).settings.zone == ""
    monkeypatch.undo()
    machine_zone.cache_clear()
