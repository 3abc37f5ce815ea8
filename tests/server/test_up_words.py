"""`legwatch up`: which file is which, what a made night leaves alone, how to go on."""

import fcntl
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.errors import SettingsError
from legwatch.events import AlertKind
from legwatch_runtime import plugins
from legwatch_server.supervisor import command, demo, hints
from legwatch_server.supervisor.command import other_port
from legwatch_server.supervisor.config import (
    check_agent,
    check_drivers,
    check_kinds,
    with_http_port,
)
from strangers import Stranger

NOTICE = (0, AlertKind.COLD, TransitionKind.FIRED, Severity.WARNING, Reason.COOLED)
AGENT = 'bed = "b"\n[sensors.leg]\ndriver = "simulated"\n'
SERVER = 'zone = "Europe/Berlin"\n[people.anna]\nchannels = ["ntfy"]\n'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    server, agent = tmp_path / "server.toml", tmp_path / "agent.toml"
    server.write_text(SERVER)
    agent.write_text(AGENT)
    return server, agent


def test_an_agents_file_is_no_servers_and_the_other_way_round(files: tuple[Path, Path]) -> None:
    server, agent = files
    check_kinds(server, agent)
    check_kinds(None, None)
    with pytest.raises(SettingsError) as refused:
        check_kinds(agent, None)
    said = f"--config: {agent} has keys of the agent (bed, sensors): it belongs to --agent-config"
    assert str(refused.value) == said
    with pytest.raises(SettingsError, match=r"keys of the server \(people, zone\): .* --config$"):
        check_kinds(None, server)


@pytest.mark.parametrize("code", ["class Shape:\n    pass\n", "raise RuntimeError('odd')\n"])
def test_a_kind_of_file_of_another_package_changes_nothing(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    Stranger(tmp_path, monkeypatch).has(code, {"legwatch.configs": {"odd": "{}:Shape"}})
    check_kinds(*files)
    with pytest.raises(SettingsError, match="it belongs to --agent-config"):
        check_kinds(files[1], None)


def test_a_driver_that_does_not_exist_is_said_before_a_bed_is_watched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = tmp_path / "agent.toml"
    agent.write_text(
        'bed = "b"\n[sensors.leg]\ndriver = "mott"\n[sensors.movement]\ndriver = "simulated"\n'
        '[signal]\ndriver = "horn"\n'
    )
    state = tmp_path / "state"
    assert legwatch(["up", "--state", str(state), "--agent-config", str(agent)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    thermometers = ", ".join(plugins.names("legwatch.thermometers"))
    assert said.err == (
        f"legwatch up: {agent}: sensors.leg.driver: no driver 'mott'; installed: {thermometers}. "
        "signal.driver: no driver 'horn'; installed: gpio, simulated\n"
    )
    assert not state.exists()


def test_what_the_agent_would_refuse_ends_it_before_the_watch_is_said_to_be_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent, state = tmp_path / "agent.toml", tmp_path / "state"
    agent.write_text('bed = "b"\nwindows_s = 10\n[sensors.leg]\ndriver = "simulated"\n')
    assert legwatch(["up", "--state", str(state), "--agent-config", str(agent)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"legwatch up: {agent}: windows_s: no such key; known: bed, ")
    assert not state.exists()


LEG = '[sensors.leg]\ndriver = "simulated"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            f'{LEG}[sensors.ankel]\ndriver = "simulated"\n',
            "sensors.ankel: no such key; known: leg,",
        ),
        (f'{LEG}[sensors.rom]\ndriver = "dht22"\npin = 4\n', "sensors.rom: no such key; known: "),
        (f"{LEG}fille = 3\n", "sensors.leg.fille: no such key; known: driver, "),
        (f'{LEG}[recording]\nfile = "none.csv"\n', "recording.file: {}/none.csv is not there"),
        (f'{LEG}[signal]\ndriver = "gpio"\nlampe = 3\n', "signal.lampe: no such key; known: "),
    ],
)
def test_a_mistake_in_a_table_of_a_sensor_ends_it_before_the_watch_is_said_to_be_on(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    agent, state = tmp_path / "agent.toml", tmp_path / "state"
    agent.write_text(f'bed = "b"\n{text}')
    assert legwatch(["up", "--state", str(state), "--agent-config", str(agent)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"legwatch up: {agent}: {why.format(tmp_path)}")
    assert not state.exists()


def test_what_it_does_not_use_and_drivers_of_other_packages_are_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code of another package has no place in the process that looks after the others."""
    stranger = Stranger(tmp_path, monkeypatch)
    stranger.has("raise SystemExit(9)", {"legwatch.motion": {"odd": "{}:Odd"}})
    agent = tmp_path / "agent.toml"
    agent.write_text(f'bed = "b"\n{LEG}[sensors.movement]\ndriver = "odd"\nfine = 5\n')
    with agent.open("a") as file:
        file.write('[mqtt]\nca_file = "/nowhere/ca.pem"\n')
    check_agent(agent)
    assert stranger.name not in sys.modules


@pytest.mark.parametrize("sensors", ["leg = 5", 'leg = "x"', "leg = {}", "leg = {driver = 5}"])
def test_what_names_no_driver_at_all_is_left_to_the_agent(sensors: str) -> None:
    text = f'bed = "b"\nsignal = 1\n[sensors]\n{sensors}\n[recording]\ndriver = "none"\n'
    check_drivers(tomllib.loads(text))


def test_no_driver_is_imported_to_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = Stranger(tmp_path, monkeypatch)
    stranger.has("raise SystemExit(9)", {"legwatch.motion": {"odd": "{}:Odd"}})
    check_drivers({"bed": "b", "sensors": {"movement": {"driver": "odd"}}})
    assert stranger.name not in sys.modules


def test_keys_of_nobody_are_left_to_the_program_that_reads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    for text in ("", "oops = 1\n", 'oops = 1\nbed = "b"\nzone = "UTC"\n', 'state_dir = "x"\n'):
        file.write_text(text)
        check_kinds(file, file)


def test_a_made_night_says_whom_it_tells_nothing_and_what_it_uses(files: tuple[Path, Path]) -> None:
    server, _ = files
    owners = {"people": {"anna": {"channels": ["ntfy"]}}, "rules": {"warmth.plain_c": 26}}
    owners["push"] = {"ntfy": {"topic": "an-odd-one"}}
    hours, told = demo.about(server, owners)
    assert "those of the recording (UTC)" in hours
    assert told == (
        "It is shown here only and told to nobody: not to anna, not by ntfy. "
        f"Of {server} it uses rules."
    )
    made = demo.server({**owners, "zone": "Europe/Berlin"})
    assert made["push"] == {"channels": ["console"]}
    assert "people" not in made
    assert made["zone"] == "UTC"
    assert len(list(demo.about(None, {}))) == 1
    assert list(demo.about(server, {}))[1] == (
        f"It is shown here only and told to nobody. Of {server} it uses nothing."
    )


def test_wrong_settings_are_refused_also_where_a_made_night_uses_none_of_them(
    files: tuple[Path, Path],
) -> None:
    with pytest.raises(SettingsError, match=r"people\.anna\.role"):
        list(demo.about(files[0], {"people": {"anna": {"role": "boss"}}}))


@pytest.mark.parametrize(
    "where", ["on the path", "in this folder", "in its own", "elsewhere", "nowhere"]
)
def test_the_command_is_as_it_can_be_typed_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    bin_ = tmp_path / "a house" / ".venv" / "bin"
    bin_.mkdir(parents=True)
    python = bin_ / "python"
    python.symlink_to(sys.executable)
    script = bin_ / "legwatch"
    if where != "nowhere":
        script.write_text("#!/bin/sh\necho it runs\n")
        script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv(
        "PATH", f"{bin_}:/usr/bin:/bin" if where == "on the path" else "/usr/bin:/bin"
    )
    here = {"in this folder": bin_.parents[1], "in its own": bin_}
    monkeypatch.chdir(here.get(where, tmp_path))
    typed = hints.command()
    expected = {
        "on the path": "legwatch",
        "in this folder": ".venv/bin/legwatch",
        "in its own": "./legwatch",
        "elsewhere": "'a house/.venv/bin/legwatch'",
        "nowhere": "'a house/.venv/bin/python' -m legwatch",
    }
    assert typed == expected[where]
    if where != "nowhere":
        done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True)
        assert done.stdout == "it runs\n"


def test_a_recording_of_the_owner_is_no_watch_and_people_are_told_of_it() -> None:
    """The made night tells nobody; this one is declared by the owner."""
    assert command._doing({"bed": "b", "sensors": {}}) == "Watching the bed 'b'."
    said = command._doing({"bed": "b", "recording": {"file": "night.csv.gz"}})
    assert said.startswith("Playing a recording as the bed 'b'; people are told of it as of a real")
    assert said.endswith("their answers are waited for in real time.")


def test_another_watch_at_a_usual_place_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = tuple(tmp_path / name / "server.toml" for name in ("unit", "own"))
    monkeypatch.setattr("legwatch_runtime.locations.made_by_up", lambda: places)
    for place in places:
        place.parent.mkdir()
        place.with_name("lock").touch()
    with (tmp_path / "unit/lock").open("w") as lock, (tmp_path / "own/lock").open("w") as own:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as one that runs
        fcntl.flock(own, fcntl.LOCK_EX)  # this one
        (said,) = command._beside(tmp_path / "own")
    assert said.startswith(f"WARNING: another `legwatch up` runs in {tmp_path / 'unit'}. ")
    assert list(command._beside(tmp_path / "own")) == []


def test_what_to_do_next_looks_into_the_store_of_the_made_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "..")
    file = Path("/var/my state/server.toml")
    said = hints.how_to_go_on(file)
    assert f"alerts --config '{file}' --night last\n" in said
    assert f"alerts --config '{file}' explain 1\n" in said
    (example,) = (word for word in said.split() if word.endswith("agent.example.toml"))
    assert Path(example).exists()


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (None, ""),
        (SuppressedBy.HOLD, " (shown without a sound, which waits)"),
        (SuppressedBy.EARLY_SIGN, " (shown without a sound)"),
        (SuppressedBy.LOW_URGENCY, " (shown without a sound)"),
        (SuppressedBy.SILENCED, f" (not sent: {SuppressedBy.SILENCED})"),
    ],
)
def test_the_summary_of_the_made_night_says_what_the_console_has_shown(
    why: SuppressedBy | None, said: str
) -> None:
    assert demo._held(Notice(*NOTICE, suppressed_by=why)) == said


@pytest.mark.parametrize("command", ["up", "agent"])
def test_the_help_says_how_a_machine_without_pins_ends_it(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        legwatch([command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "2 wrong arguments or settings, such as of pins on a machine that has none." in said


def test_another_port_of_the_page_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The links in pushes would lead to whoever has the usual one."""
    monkeypatch.setattr("legwatch_server.supervisor.broker.listens", lambda _port: True)
    owners = {"answers": {"url": "https://legs.example"}}
    server = with_http_port(owners)
    (said,) = other_port(owners, server)
    assert f"are at port {server['http']['port']}, until the next start" in said
    own = {"http": {"port": 9999}}
    assert list(other_port(own, with_http_port(own))) == []
