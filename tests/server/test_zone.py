"""A server that is told no zone takes this machine's, keeps it, and says so."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from legwatch.__main__ import main as legwatch
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.errors import CannotRun, SettingsError
from legwatch.testing import BOOT, ms
from legwatch_runtime.system_zone import machine_zone
from legwatch_server import settings_file, zone
from legwatch_server.beds.zones_apart import zones_apart
from legwatch_server.cli.check_config import main as check_config
from legwatch_server.cli.settings import main as settings_command
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

LA = "America/Los_Angeles"
PEOPLE = {"anna": {"channels": ["phone"]}}
OWNERS = """# my own remarks

# the cold room
[rules]
"warmth.warn_c" = 26  # in winter
"""
TITLE = "I cannot see the bed: no word from the bedside"
Lives = Callable[[str], None]


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lives]:
    """Let this machine be in a zone from now on."""

    def there(tz: str) -> None:
        monkeypatch.setenv("TZ", tz)
        machine_zone.cache_clear()

    yield there
    monkeypatch.undo()
    machine_zone.cache_clear()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "server.toml"
    path.parent.mkdir()
    path.write_text(f'state_dir = "{tmp_path / "state"}"\n{OWNERS}')
    return path


def started(config: Path) -> ServerSettings:
    """Return the settings of a server that starts with this file."""
    zone.settle(config)
    return settings_file.read(config)


@pytest.mark.parametrize(
    ("dies", "hours"),
    [
        ("2026-01-03T10:30Z", "02:30, where it is day in UTC already"),
        ("2026-03-08T09:50Z", "01:50, and ten minutes later it is 03:00"),
        ("2026-03-08T16:30Z", "09:30 on the day with 23 hours"),
        ("2026-11-01T09:10Z", "01:10 for the second time"),
        ("2026-11-01T17:30Z", "09:30 on the day with 25 hours"),
    ],
)
def test_a_bedside_that_dies_at_night_in_los_angeles_is_told_within_16_and_a_half_minutes(
    config: Path, lives: Lives, tmp_path: Path, dies: str, hours: str
) -> None:
    lives(LA)
    server = house(tmp_path, config, ms(dies) - 30 * MINUTE_MS)
    server.run_to(ms(dies) + int(16.5 * MINUTE_MS))
    assert (TITLE, "loud") in told(server), hours
    server.close()


def test_one_that_dies_before_the_night_there_is_told_when_it_begins_there(
    config: Path, lives: Lives, tmp_path: Path
) -> None:
    lives(LA)
    dies_ms = ms("2026-01-04T03:20Z")  # 19:20; in UTC the night began long ago
    server = house(tmp_path, config, dies_ms - 30 * MINUTE_MS)
    server.run_to(ms("2026-01-04T03:59Z"))
    assert server.pushes.arrived == []
    server.run_to(ms("2026-01-04T04:01Z"))
    assert told(server) == [(TITLE, "loud")]
    server.close()


def told(server: InProcessServer) -> list[tuple[str, str]]:
    return [(push.title, push.purpose) for _, _, push in server.pushes.arrived]


def house(folder: Path, config: Path, begin_ms: int) -> InProcessServer:
    """Return a server with a bed that was watched for half an hour."""
    more = {"people": PEOPLE, "rehearsal": {"at": ""}}
    config.write_text(config.read_text() + dump(more))
    server = InProcessServer(folder, started(config), begin_ms=begin_ms)
    server.play("b", 30, lambda _: {"leg_c": 31.0, "room_c": 18.0, "moves": 0, "in_bed": True})
    return server


def test_the_machines_zone_goes_into_the_owners_file_and_nothing_else_changes(
    config: Path, lives: Lives
) -> None:
    lives(LA)
    before, rights = config.read_text(), 0o640
    config.chmod(rights)
    assert zone.settle(config) == zone.Settled(config)
    assert config.read_text() == f'zone = "{LA}"  # of this machine at the first start\n{before}'
    assert config.stat().st_mode & 0o777 == rights
    assert zone.settle(config) == zone.Settled()


@pytest.mark.parametrize("text", ['bed = "b"\n[sensors.leg]\n', "[project]\nname = 'x'\n", "["])
def test_nothing_is_written_into_a_file_that_is_no_servers(
    config: Path, lives: Lives, text: str
) -> None:
    lives(LA)
    config.write_text(text)
    assert legwatch(["server", "--config", str(config)]) == 2
    assert config.read_text() == text


def test_it_stays_when_the_machine_moves_and_the_difference_is_said(
    config: Path, lives: Lives
) -> None:
    lives(LA)
    started(config)
    lives("Europe/Berlin")
    settings = started(config)
    assert settings.zone == LA
    said = zone.word(settings, config)
    assert said.wrong
    assert f"night is 20 to 10 h in {LA}" in said.text
    assert "but this machine's zone is Europe/Berlin (TZ)" in said.text


def test_a_machine_in_utc_and_one_with_the_same_hours_are_no_difference(
    config: Path, lives: Lives
) -> None:
    lives("Europe/Berlin")
    started(config)
    for same in ("Europe/Paris", "UTC", "Etc/UTC"):
        lives(same)
        assert not zone.word(settings_file.read(config), config).wrong


@pytest.mark.parametrize("how", ["read-only", "its folder takes no file", "another one's"])
def test_a_file_that_cannot_be_written_leaves_it_to_the_changes(
    config: Path, lives: Lives, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives(LA)
    if how == "read-only":
        config.chmod(0o444)
    elif how == "another one's":
        monkeypatch.setattr(os, "geteuid", lambda: config.stat().st_uid + 1)
    else:
        config.with_suffix(".new").mkdir()
    before = config.read_bytes()
    changes = settings_file.changes_file(config)
    assert zone.settle(config) == zone.Settled(changes)
    assert config.read_bytes() == before
    assert settings_file.read(config).zone == LA
    lives("Europe/Berlin")
    assert started(config).zone == LA


def test_a_zone_in_the_changes_gives_way_to_the_owner_and_to_a_change(
    config: Path, lives: Lives
) -> None:
    lives(LA)
    config.chmod(0o444)
    started(config)
    config.chmod(0o600)
    config.write_text(f'zone = "Europe/Berlin"\n{config.read_text()}')
    assert started(config).zone == "Europe/Berlin"
    settings_file.change(config, {"zone": "Europe/Rome"})
    assert started(config).zone == "Europe/Rome"


def test_no_undo_takes_it_back(config: Path, lives: Lives) -> None:
    config.chmod(0o444)
    settings_file.change(config, {"push.workers": 6})
    settings_file.change(config, {"push.workers": 7})
    lives(LA)
    started(config)
    assert settings_file.undo(config).push.workers == 6
    assert settings_file.read(config).zone == LA


def test_a_first_start_alone_is_no_change_to_take_back(
    config: Path, lives: Lives, capsys: pytest.CaptureFixture[str]
) -> None:
    lives(LA)
    config.chmod(0o444)
    started(config)
    with pytest.raises(CannotRun, match="no change was made"):
        settings_file.undo(config)
    assert settings_command(["--config", str(config)]) == 0
    assert f'first_start.zone = "{LA}"' in capsys.readouterr().out


def test_a_first_start_says_nothing_but_the_zone(config: Path) -> None:
    changes = settings_file.changes_file(config)
    changes.parent.mkdir()
    changes.write_text('[first_start]\nprofile = "at_risk"\n')
    with pytest.raises(SettingsError, match="only the zone"):
        settings_file.table(config)


def test_nothing_can_be_written_and_it_is_said(config: Path, lives: Lives) -> None:
    lives(LA)
    config.chmod(0o444)
    Path(config.parent.parent / "state").write_text("in the way")
    first = zone.settle(config)
    assert first.file is None
    settings = settings_file.checked({"people": PEOPLE})
    said = zone.word(settings, config, first).text
    assert f"night is 20 to 10 h in {LA}" in said
    assert "which is written nowhere" in said
    assert f'set zone = "{LA}" in {config}' in said


@pytest.mark.parametrize("tz", ["UTC", "Etc/UTC", ""])
def test_utc_is_no_place_it_is_not_written_and_somebody_has_to_say_where_the_beds_are(
    config: Path, lives: Lives, tz: str
) -> None:
    lives(tz)
    before = config.read_bytes()
    assert zone.settle(config) == zone.Settled()
    settings = settings_file.read(config)
    said = zone.word(settings, config)
    assert said.wrong
    assert "no zone is set and this machine is in " in said.text
    assert "night is 20 to 10 h of that zone" in said.text
    assert f'set zone = "Europe/Berlin", or yours, in {config}' in said.text
    assert config.read_bytes() == before
    lives(LA)  # the owner sets the machine's zone
    assert started(config).zone == LA


def test_utc_that_is_set_is_fine(config: Path, lives: Lives) -> None:
    config.write_text(f'zone = "UTC"\n{config.read_text()}')
    lives("UTC")
    assert not zone.word(started(config), config).wrong
    assert list(zone.concerns(started(config))) == []


def test_while_the_zone_is_not_known_every_hour_is_night_and_it_is_said(
    config: Path, lives: Lives, tmp_path: Path
) -> None:
    lives("CET-1CEST")
    dies_ms = ms("2026-01-03T12:30Z")
    server = house(tmp_path, config, dies_ms - 30 * MINUTE_MS)
    server.run_to(dies_ms + int(16.5 * MINUTE_MS))
    assert (TITLE, "loud") in told(server)
    said = zone.word(server.settings, config)
    assert said.wrong
    assert "'CET-1CEST', which names no zone such as Europe/Berlin" in said.text
    assert "every hour counts as night" in said.text
    assert f"in {config}" in said.text
    server.close()


@pytest.mark.parametrize(
    ("theirs", "bed_zone", "apart"),
    [
        (LA, "Europe/Berlin", True),
        ("Europe/London", "Africa/Accra", True),  # they have the same hours in winter only
        ("Etc/UTC", "Europe/London", False),  # nobody has set a zone on this machine
        ("Europe/Paris", "Europe/Berlin", False),
        ("", "Europe/Berlin", False),  # an agent of before, or one that does not know
        ("Mars/Base", "Europe/Berlin", False),
    ],
)
def test_an_agent_in_another_zone_than_its_bed_is_said_and_nobody_is_pushed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, theirs: str, bed_zone: str, apart: bool
) -> None:
    server = open_ward(tmp_path, people=PEOPLE, zone=LA, beds={"b": {"zone": bed_zone}})
    info = encode_info(BedsideInfo("1", "0000000a", window_s=10, zone=theirs))
    for _ in range(2):
        server.turn([server.message(topic("b", Channel.INFO), info)])
    server.settle()
    said = list(zones_apart(server.unit.beds.values()))
    assert len(said) == apart
    assert [record.getMessage() for record in caplog.records if "zone" in record.message] == said
    assert all(theirs in one and bed_zone in one for one in said)
    assert server.pushes.arrived == []
    server.close()


def test_it_is_over_when_the_settings_say_so_and_the_log_says_when_it_is_so_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = open_ward(tmp_path, zone="Europe/Berlin")
    info = encode_info(BedsideInfo("1", "0000000a", window_s=10, zone=LA))
    server.turn([server.message(topic("b", Channel.INFO), info)])
    assert list(zones_apart(server.unit.beds.values()))
    server.take_over(settings_file.checked({"zone": LA}))
    assert not list(zones_apart(server.unit.beds.values()))
    caplog.clear()
    tokyo = settings_file.checked({"zone": LA, "beds": {"b": {"zone": "Asia/Tokyo"}}})
    for _ in range(2):
        server.take_over(tokyo)
        assert caplog.messages == list(zones_apart(server.unit.beds.values()))
    assert "Asia/Tokyo" in caplog.text
    server.close()


def test_only_an_agent_that_is_there_is_said_and_by_its_newest_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = open_ward(tmp_path, zone="Europe/Berlin")

    def hears(channel: Channel, payload: bytes, *, kept: bool) -> list[str]:
        server.turn([server.message(topic("b", channel), payload, retained=kept)])
        return list(zones_apart(server.unit.beds.values()))

    there, far = (
        encode_info(BedsideInfo("1", "0000000a", window_s=10, zone=name))
        for name in ("Europe/Paris", LA)
    )
    hears(Channel.STATUS, b"online", kept=False)
    hears(Channel.STATUS, b"offline", kept=False)
    assert hears(Channel.INFO, far, kept=True) == []  # of the last run
    hears(Channel.STATUS, b"online", kept=False)
    assert hears(Channel.INFO, there, kept=False) == []
    assert LA not in caplog.text
    assert len(hears(Channel.INFO, far, kept=False)) == 1
    hears(Channel.STATUS, b"offline", kept=False)
    hears(Channel.STATUS, b"online", kept=False)
    hears(Channel.INFO, far, kept=False)
    assert caplog.text.count(LA) == 1  # a bad network does not fill the log
    server.close()


def told_of_itself(zone: str, boot: str) -> bytes:
    return encode_info(BedsideInfo("1", boot, window_s=10, zone=zone))


@pytest.mark.parametrize("first", [Channel.STATUS, Channel.INFO])
def test_a_server_that_comes_later_says_it_once_the_windows_of_that_agent_come(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, first: Channel
) -> None:
    server = open_ward(tmp_path, zone="Europe/Berlin")
    kept = {Channel.STATUS: b"online", Channel.INFO: told_of_itself(LA, BOOT)}
    for channel in sorted(kept, key=lambda one: one is not first):
        server.turn([server.message(topic("b", channel), kept[channel], retained=True)])
    assert LA not in caplog.text
    server.play("b", 1, lambda _: {"leg_c": 31.0, "room_c": 18.0})
    assert caplog.text.count(LA) == len(list(zones_apart(server.unit.beds.values()))) == 1
    for again in range(2):  # the server's own network stumbles
        for channel, payload in kept.items():
            server.turn([server.message(topic("b", channel), payload, retained=True)])
        assert list(zones_apart(server.unit.beds.values())), again
    server.restart()
    assert not list(zones_apart(server.unit.beds.values()))  # it is only what was stored
    server.play("b", 1, lambda _: {"leg_c": 31.0, "room_c": 18.0})
    assert caplog.text.count(LA) == 2
    server.close()


@pytest.mark.parametrize("lives", [True, False])
def test_an_old_word_that_the_broker_kept_over_a_power_cut_is_no_reason_to_warn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, lives: bool
) -> None:
    """A broker writes down each half hour what it keeps: the zone was corrected since then.

    The server has lived on or not; its agent is back some seconds later.
    """
    server = open_ward(tmp_path, zone="Europe/Berlin")

    def hears(channel: Channel, payload: bytes, *, kept: bool = False) -> None:
        server.turn([server.message(topic("b", channel), payload, retained=kept)])
        wrong = list(zones_apart(server.unit.beds.values()))
        assert (caplog.messages, wrong) == ([], [])

    server.play("b", 1, lambda _: {"leg_c": 31.0, "room_c": 18.0})
    hears(Channel.STATUS, b"online")
    hears(Channel.INFO, told_of_itself("Europe/Berlin", "0000000b"))
    if not lives:
        server.restart()
        caplog.clear()
    hears(Channel.STATUS, b"online", kept=True)
    hears(Channel.INFO, told_of_itself(LA, BOOT), kept=True)
    hears(Channel.STATUS, b"online")
    hears(Channel.INFO, told_of_itself("Europe/Berlin", "0000000c"))
    server.play("b", 1, lambda _: {"leg_c": 31.0, "room_c": 18.0})
    assert LA not in caplog.text
    server.close()


@pytest.mark.parametrize(("tz", "doubt"), [("UTC", "no zone is set and"), ("X1", "'X1', which")])
def test_check_config_asks_where_the_beds_are(
    config: Path, lives: Lives, capsys: pytest.CaptureFixture[str], tz: str, doubt: str
) -> None:
    lives(tz)
    assert check_config([str(config)]) == 0
    assert doubt in capsys.readouterr().out
    config.write_text(f'zone = "UTC"\n{config.read_text()}')
    assert check_config([str(config)]) == 0
    assert "zone is" not in capsys.readouterr().out


def test_a_zone_that_is_empty_is_always_the_machines(config: Path, lives: Lives) -> None:
    config.write_text(f'zone = ""\n{config.read_text()}')
    before = config.read_bytes()
    for tz in (LA, "Europe/Berlin"):
        lives(tz)
        assert str(started(config).zone_of("b")) == tz
    assert config.read_bytes() == before
