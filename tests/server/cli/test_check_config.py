"""`legwatch check-config`: everything wrong in one go, by the key's path."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.contract.roles import GAUGES
from legwatch.options import annotated_table, options_type
from legwatch.settings import load
from legwatch_device.settings import AgentSettings
from legwatch_runtime import homes, plugins
from legwatch_server.cli.check_config import main
from legwatch_server.settings import ServerSettings
from repository import REPO, not_installed

SIMULATED = """
bed = "anna"
[sensors]
leg = { driver = "simulated" }
movement = { driver = "simulated" }
"""


def check(folder: Path, text: str, *words: str) -> int:
    file = folder / "some.toml"
    file.write_text(text)
    return main([str(file), *words])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SIMULATED, "agent"),
        ('zone = "Europe/Berlin"\n[rules]\n"warmth.warn_c" = 26\n', "server"),
        ('zone = "Europe/Berlin"\n[rules]\nwarmth.warn_c = 26\n', "server"),
    ],
)
def test_a_good_file_is_known_for_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, kind: str
) -> None:
    assert check(tmp_path, text) == 0
    assert f"good ({kind}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "tells"),
    [
        ("", False),
        ('signal = { driver = "simulated" }', True),
        ("fallback = { after_s = 0 }", True),
    ],
)
def test_a_bed_that_cannot_tell_by_itself_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, tells: bool
) -> None:
    assert check(tmp_path, f"{more}\n{SIMULATED}") == 0
    said = "if the server is silent, nothing at this bed can tell" in capsys.readouterr().out
    assert said is not tells


@pytest.mark.parametrize("kind", ["agent", "server"])
@pytest.mark.parametrize("found", ["nothing", "no certificate"])
def test_a_typo_in_the_brokers_certificate_is_said_before_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, found: str
) -> None:
    authority = tmp_path / "ca.pem"
    if found == "no certificate":
        authority.write_text("-----BEGIN CERTIFICATE-----\n")
    name = 'bed = "anna"\n' if kind == "agent" else ""
    text = f'{name}[mqtt]\nca_file = "{authority}"\n'
    why = "cannot be read" if found == "nothing" else "is not a certificate"
    assert check(tmp_path, text, "--as", kind) == 2
    assert f"mqtt.ca_file: {authority} {why}" in capsys.readouterr().err
    file = tmp_path / f"{kind}.toml"
    file.write_text(text)
    assert legwatch([kind, "--config", str(file)]) == 2
    assert f"mqtt.ca_file: {authority} {why}" in capsys.readouterr().err


def test_every_wrong_key_of_a_server_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    zone = "Mars/Olympus"
    oops = 1
    [rules]
    "warmth.warn_c" = 99
    "warmth.nope" = 1
    [http]
    port = 99999
    [push]
    channels = ["pigeon"]
    [beds.lea]
    profile = "brave"
    """
    assert check(tmp_path, text) == 2
    said = capsys.readouterr().err
    for word in ("zone", "oops", "http.port", "warmth.nope", "profile", "pigeon"):
        assert word in said, word
    assert "warmth.warn_c: 99.0 is not allowed; allowed 24 to 30" in said
    assert said.count("\n") == 7


def test_every_wrong_channel_of_a_person_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    zone = "UTC"
    [people.anna]
    role = "sleeper"
    channels = ["pigeon", "ntfy", "dove"]
    quiet = ["owl", "pigeon"]
    address = { pigeon = "roof", ntfy = "no topic" }
    [people.bert]
    channels = ["dove", "raven"]
    [push]
    channels = ["jay"]
    [push.pigeon]
    colour = "grey"
    [people.carl]
    """
    assert check(tmp_path, text) == 2
    lines = capsys.readouterr().err.splitlines()
    assert sorted(" ".join(line.split(": ", 1)[1].split()[:4]) for line in lines) == [
        "people.anna.address.ntfy: a topic is",
        "people.anna.channels: no channel 'dove';",
        "people.anna.channels: no channel 'pigeon';",
        "people.anna.quiet: no channel 'owl';",
        "people.anna.quiet: no channel 'pigeon';",
        "people.bert.channels: no channel 'dove';",
        "people.bert.channels: no channel 'raven';",
        "push.channels: no channel 'jay';",
    ]


def test_every_wrong_name_in_a_list_is_named_and_every_wrong_shift(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    zone = "UTC"
    state_dir = "STATE"
    [beds.bedroom]
    [people.anna]
    channels = ["console"]
    [people.bert]
    channels = ["console"]
    beds = ["Bedroom", "bedroom", "Guest Room"]
    [[roster]]
    people = ["anna", "karl", "tom"]
    nights = ["mon", "tues", "wen"]
    [[roster]]
    people = ["emil"]
    beds = ["bedrom", "attic", "bedroom"]
    [[roster]]
    people = ["bert"]
    beds = ["guest"]
    first = 2026-02-01
    last = 2026-01-01
    """.replace("STATE", str(tmp_path / "state"))
    assert check(tmp_path, text) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [" ".join(line.split(": ", 1)[1].split()[:5]) for line in lines] == [
        "people.bert.beds: bed 'Bedroom' is not",
        "people.bert.beds: bed 'Guest Room' is",
        "roster[0].people: nobody is called 'karl';",
        "roster[0].people: nobody is called 'tom';",
        "roster[0].nights: 'tues': one of mon,",
        "roster[0].nights: 'wen': one of mon,",
        "roster[1].people: nobody is called 'emil';",
        "roster[2].last: lies before `first`",
        "roster[2].people: none of them watches",
        "roster[1].beds: no bed 'bedrom' has",
        "roster[1].beds: no bed 'attic' has",
    ]


def test_every_wrong_key_of_an_agent_is_named_and_none_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    window_s = 100
    [sensors.leg]
    driver = "crystal_ball"
    [sensors.room]
    driver = "simulated"
    pin = "four"
    [recording]
    zone = "Mars/Olympus"
    """
    assert check(tmp_path, 'bed = "anna"\n' + text, "--as", "agent") == 2
    lines = capsys.readouterr().err.splitlines()
    paths = [line.split(": ")[1] for line in lines]
    assert paths == ["window_s", "recording.zone", "sensors.leg.driver", "sensors.room.pin"]


def test_a_key_that_is_missing_hides_no_other_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
    bed = "anna"
    [sensors.leg]
    driver = "dht22"
    [sensors.room]
    driver = "dht22"
    """
    assert check(tmp_path, text, "--as", "agent") == 2
    said = capsys.readouterr().err
    assert "sensors.leg.pin: " in said
    assert "sensors.room.pin: " in said


@pytest.mark.parametrize("text", ['bed = "Anna B"', ""])
def test_an_agent_needs_a_bed_that_can_stand_in_a_topic(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, text, "--as", "agent") == 2


@pytest.mark.parametrize("text", ['bed = "Anna B"', 'bed = "server"', "bed = 7", ""])
def test_a_bed_that_is_wrong_or_missing_hides_no_other_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    more = """
    window_s = 100
    [sensors.leg]
    driver = "crystal_ball"
    [recording]
    zone = "Mars/Olympus"
    """
    assert check(tmp_path, text + more, "--as", "agent") == 2
    lines = capsys.readouterr().err.splitlines()
    paths = sorted(line.split(": ")[1] for line in lines)
    assert paths == ["bed", "recording.zone", "sensors.leg.driver", "window_s"]


def test_a_user_with_the_name_of_another_bed_is_to_be_looked_at_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, SIMULATED + '[mqtt]\nuser = "bert"\n') == 0
    said = capsys.readouterr().out
    assert "look again: mqtt.user: 'bert' is not the bed, 'anna'" in said
    assert "(`legwatch up` has a broker of its own, and uses none of [mqtt])" in said
    for user in ("anna", ""):
        assert check(tmp_path, f'{SIMULATED}[mqtt]\nuser = "{user}"\n') == 0
        assert "look again" not in capsys.readouterr().out


def test_who_is_called_and_cannot_be_reached_is_to_be_looked_at_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    never = 'cold = "never", still = "never", sensor = "never", agent = "never"'
    anna = 'channels = ["ntfy"]\naddress = { ntfy = "a-long-odd-topic" }\n'
    text = f"[people.karl]\nwoken_for = {{ {never} }}\n[people.anna]\n{anna}"
    assert check(tmp_path, text, "--as", "server") == 0
    said = capsys.readouterr().out
    assert "look again: people.karl.channels: karl is told in the server's log only, and so" in said
    assert "look again: people.karl.woken_for: karl is woken for nothing" in said
    assert "people.anna" not in said
    both = anna.replace('["ntfy"]', '["ntfy", "console"]')
    assert check(tmp_path, f"[people.anna]\n{both}", "--as", "server") == 0
    said = capsys.readouterr().out
    assert "look again: people.anna.channels: 'console' is not used beside other channels" in said
    assert check(tmp_path, "[people.karl]\n", "--as", "server") == 0  # as at the first start
    assert "people.karl" not in capsys.readouterr().out


NIGHT = "time,channel,value\n2026-01-02T21:00Z,leg_temperature_c,31\n2026-01-02T21:00Z,movement,0\n"


def test_a_recording_without_its_whole_path_is_to_be_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # a unit starts the agent in another folder
    (tmp_path / "night.csv").write_text(NIGHT)
    assert check(tmp_path, 'bed = "anna"\n[recording]\nfile = "night.csv"\n') == 0
    assert "look again: recording.file: 'night.csv' is looked for" in capsys.readouterr().out
    whole = tmp_path / "night.csv"
    assert check(tmp_path, f'bed = "anna"\n[recording]\nfile = "{whole}"\n') == 0
    assert "look again" not in capsys.readouterr().out


def test_a_file_in_a_home_that_a_unit_does_not_see_is_to_be_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, clone = tmp_path / "home", tmp_path / "home/pi/legwatch"
    (clone / "deploy/systemd").mkdir(parents=True)
    monkeypatch.setattr(homes, "HOMES", (home,))
    monkeypatch.setattr("sys.prefix", str(clone / ".venv"))
    away, within = home / "pi/night.csv", clone / "night.csv"
    for night in (away, within):
        night.write_text(NIGHT)

    def said(text: str) -> str:
        assert check(tmp_path, text) == 0
        return capsys.readouterr().out

    def played(file: Path) -> str:
        return said(f'bed = "anna"\n[recording]\nfile = "{file}"\n')

    assert f"look again: recording.file: '{away}' is in a home" in played(away)
    assert "put it elsewhere, such as /var/lib/legwatch" in played(within)
    (clone / "deploy/systemd/legwatch.service").touch()
    assert f"put it into {clone}\n" in played(away)
    assert "look again" not in played(within)
    monkeypatch.setattr("legwatch_device.settings.check_ca_file", NOT_HERE.append)
    monkeypatch.setattr("legwatch_server.settings.check_ca_file", NOT_HERE.append)
    for table in (SIMULATED, '[people.anna]\nchannels = ["console"]\n'):
        text = f'{table}[mqtt]\nca_file = "{away}"\n'
        assert f"look again: mqtt.ca_file: '{away}' is in a home" in said(text)


def test_a_misspelt_table_is_named_where_it_hides_the_kind_of_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[peple.anna]\nchannels = ["console"]\n')
    assert legwatch(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert "--as: no kind has the key 'peple'; name the kind of file: one of agent, server" in said


def test_an_empty_file_could_be_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "empty.toml"
    file.write_text("")
    assert legwatch(["check-config", str(file)]) == 2
    assert "--as" in capsys.readouterr().err
    assert main([str(file), "--as", "server"]) == 0


@pytest.mark.parametrize("content", [None, b"x = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_answered_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    file = tmp_path / "file.toml"
    if content is not None:
        file.write_bytes(content)
    assert legwatch(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert str(file) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("file", sorted((REPO / "config").glob("*.toml")), ids=lambda f: f.name)
def test_the_examples_are_good(file: Path, tmp_path: Path) -> None:
    assert check(tmp_path, not_installed(file.read_text())) == 0


EXAMPLE = not_installed((REPO / "config/server.example.toml").read_text())


COMMENTED = re.compile(r'^# (?=\[|"?[a-z_.]+"? = )', re.MULTILINE)


def uncommented(text: str) -> str:
    """Return the example with all that it only suggests switched on."""
    return COMMENTED.sub("", text)


def test_the_servers_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    table = tomllib.loads(EXAMPLE)
    table["mqtt"].pop("user")
    for name in [name for name, own in table["push"].items() if isinstance(own, dict)]:
        options = options_type(plugins.load("legwatch.notifiers", name, name, "channel"))
        assert load(options, table["push"].pop(name)) == options()
    assert load(ServerSettings, table) == ServerSettings()
    shown = tomllib.loads(uncommented(EXAMPLE))
    for field in fields(ServerSettings):
        assert field.name in shown, field.name
    for name in ("mqtt", "http", "push", "escalation", "answers", "rehearsal", "heartbeat"):
        keys = {field.name for field in fields(getattr(ServerSettings(), name))}
        channels = {key for key, value in shown[name].items() if isinstance(value, dict)}
        assert keys - {"options"} == shown[name].keys() - channels, name


NOT_HERE: list[str] = []  # certificates of the examples


def test_what_the_example_suggests_can_be_switched_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)
    monkeypatch.setattr("legwatch_server.settings.check_ca_file", NOT_HERE.append)
    assert check(tmp_path, uncommented(EXAMPLE)) == 0, capsys.readouterr().err


NEVER = '[people.bert]\nwoken_for = { cold = "never" }\n'
OWN_BED = '[people.bert]\nbeds = ["left"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NEVER, "people.bert.woken_for.cold: urgent alerts of this kind would wake nobody"),
        (
            '[people.bert]\nwoken_for = { agent = "urgent" }\n',
            "people.bert.woken_for.agent: warning alerts of this kind would wake nobody",
        ),
        (f"{OWN_BED}[beds.right]\n", "beds.right: nobody watches bed 'right'"),
        (
            f'{OWN_BED}[[roster]]\npeople = ["bert"]\nbeds = ["right"]\n',
            "roster[0].beds: nobody watches bed 'right'",
        ),
        ("[push]\nchannels = []\n", "push.channels: there is no channel to notify everyone"),
    ],
)
def test_an_alert_that_would_wake_nobody_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    zone = 'zone = "UTC"\n'
    assert check(tmp_path, zone + text, "--as", "server") == 2
    assert words in capsys.readouterr().err
    carer = "[people.anna]\n" if text == NEVER else ""
    if carer:
        assert check(tmp_path, zone + text + carer, "--as", "server") == 0


KEY = re.compile(r"^(\w+) = [^#\n]*(?:# (.*))?", re.MULTILINE)


def example_tables(file: str) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """Return the tables of an annotated example, each with its values and its remarks by key."""
    return tables(uncommented((REPO / "config" / file).read_text()))


def tables(text: str) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    parts = re.split(r"^\[([\w.]+)\].*\n", text, flags=re.MULTILINE)[1:]
    return {
        name: (tomllib.loads(body), {m[1]: m[2] or "" for m in KEY.finditer(body)})
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize(
    ("file", "shape"),
    [("agent.example.toml", AgentSettings), ("server.example.toml", ServerSettings)],
)
def test_an_example_says_of_each_key_what_its_driver_declares(
    file: str, shape: type[AgentSettings] | type[ServerSettings]
) -> None:
    remarks: dict[str, str] = {}
    declared: dict[str, str] = {}
    for path, (values, notes) in example_tables(file).items():
        for door in shape.DOORS:
            name = values.get("driver", "recorded") if "{" not in door.table else path[5:]
            if door.table.format(name=name) != path:
                continue
            driver = plugins.load(door.group, name, path, "driver")
            table = uncommented("\n".join(annotated_table(door, name, driver)))
            keys = {found[1]: found[2] or "" for found in KEY.finditer(table)}
            assert values.keys() <= keys.keys()
            declared |= {f"{name}.{key}": note for key, note in keys.items() if note}
            remarks |= {f"{name}.{key}": note for key, note in notes.items() if note}
    assert remarks == declared
    assert len(declared) > 10


def other_drivers() -> list[tuple[str, str]]:
    """Return the tables of the agent's example that stand in the place of another: path, text."""
    text = (REPO / "config/agent.example.toml").read_text()
    blocks = re.findall(r"(?m)^## \[(.*)\].*\n((?:^## [^\[].*\n)+)", text)
    return [(path, body.replace("## ", "")) for path, body in blocks]


def test_the_example_shows_every_driver_of_a_sensor_once_with_all_its_keys() -> None:
    main = {
        path: values["driver"]
        for path, (values, _) in example_tables("agent.example.toml").items()
        if path.startswith("sensors.")
    }
    said: dict[str, dict[str, str]] = {}
    declared: dict[str, dict[str, str]] = {}
    shown = list(main.items())
    for path, body in other_drivers():
        ((_, (values, notes)),) = tables(f"[{path}]\n{uncommented(body)}").items()
        name = values.pop("driver")
        shown.append((path, name))
        (door,) = (door for door in AgentSettings.DOORS if door.table == path)
        kind = plugins.load(door.group, name, path, "driver")
        table = uncommented("\n".join(annotated_table(door, name, kind)))
        about = {found[1]: found[2] or "" for found in KEY.finditer(table)}
        declared.setdefault(name, {}).update(about)
        for key in values:
            assert key not in said.setdefault(name, {}), f"{name}: {key} is shown twice"
            said[name][key] = notes[key]
    for name, keys in said.items():
        of_place = {"driver", "offset_c"}
        assert keys == {key: note for key, note in declared[name].items() if key not in of_place}
    for path in ("sensors.leg", "sensors.movement", "sensors.presence"):
        (group,) = (door.group for door in AgentSettings.DOORS if door.table == path)
        here = sorted(name for place, name in shown if place == path)
        # The driver mqtt has files of its own in config/mqtt.
        assert here == sorted(set(plugins.names(group)) - {"simulated", "mqtt"})


@pytest.mark.parametrize(("path", "body"), other_drivers())
def test_a_table_of_the_example_that_is_written_in_the_place_of_another_is_taken(
    path: str, body: str
) -> None:
    load(AgentSettings, tomllib.loads(f'bed = "bed1"\n[{path}]\n{body}')).check()


def test_the_installed_drivers_are_listed_by_the_tables_that_they_may_fill(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--options"]) == 0
    said = capsys.readouterr().out.splitlines()
    thermometers = ", ".join(plugins.names("legwatch.thermometers"))
    assert {"bme280", "dht22", "ds18b20", "mqtt"} <= set(thermometers.split(", "))
    assert f"[sensors.leg] thermometer by the legs: {thermometers}" in said
    assert "[push.NAME] a push channel: apprise, console, mqtt, ntfy, pushover, webpush" in said


def test_a_byte_order_mark_of_an_editor_is_no_part_of_the_settings(tmp_path: Path) -> None:
    sensors = "".join(
        f'[sensors.{role}]\r\ndriver = "simulated"\r\n' for role in ("leg", "movement")
    )
    assert check(tmp_path, f'\ufeffbed = "anna"\r\n{sensors}') == 0
    assert check(tmp_path, '\ufeffzone = "UTC"\n') == 0


@pytest.mark.parametrize("header", ["[roster]", "[roster.weekend]"])
def test_a_roster_in_single_brackets_is_told_the_right_form(
    header: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'zone = "UTC"\npeople.bert.channels = ["console"]\n{header}\npeople = ["bert"]\n'
    assert check(tmp_path, text) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.endswith(
        "roster: a list is expected: write [[roster]] before each entry, in double brackets and"
        " without a name"
    )
    assert check(tmp_path, text.replace(header, "[[roster]]")) == 0


def test_the_keys_of_a_driver_are_a_table_that_can_be_pasted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--options", "dht22"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == "[sensors.leg]  # or [sensors.room]  # or [sensors.ankle]"
    assert re.search(r"(?m)^offset_c = 0\.0 +# added to each reading.*; -5 to 5 °C$", said)
    assert re.search(r"(?m)^# pin = \.\.\. +# GPIO number \(BCM\); 0 to 27; must be given$", said)
    movement = "[sensors.movement]\ndriver = 'simulated'\n"
    assert check(tmp_path, f'bed = "anna"\n{said}{movement}') == 2  # as it is, it is on no pin
    assert "sensors.leg.pin: this key must be given: GPIO number" in capsys.readouterr().err
    said = said.replace("# pin = ...", "pin = 4")
    assert check(tmp_path, f'bed = "anna"\n{said}{movement}') == 0
    capsys.readouterr()
    assert main(["--options", "pushover"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"(?m)^retry_s = 60 +# .*; 30 to 600 s$", said)
    assert check(tmp_path, f'zone = "UTC"\n{said}') == 0


def test_an_unknown_name_is_answered_with_the_installed_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert legwatch(["check-config", "--options", "nose"]) == 2
    assert "no driver or channel 'nose'; installed: ads1115, apprise, " in capsys.readouterr().err


def test_a_driver_that_no_table_takes_is_not_denied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of = plugins.names
    monkeypatch.setattr(plugins, "names", lambda group: ["co2"] if group == GAUGES else of(group))
    assert legwatch(["check-config", "--options", "co2"]) == 2
    said = "'co2' is installed, but no table of this version takes a driver of legwatch.gauges"
    assert said in capsys.readouterr().err
    assert main(["--options"]) == 0
    assert "takes a driver of legwatch.gauges: co2" in capsys.readouterr().out


def test_only_a_thermometer_has_an_offset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leg, movement = (f'[sensors.{n}]\ndriver = "simulated"\n' for n in ("leg", "movement"))
    assert check(tmp_path, f'bed = "anna"\n{leg}offset_c = 0.5\n{movement}') == 0
    assert check(tmp_path, f'bed = "anna"\n{leg}{movement}offset_c = 0.5\n') == 2
    said = capsys.readouterr().err
    assert "sensors.movement.offset_c: only a thermometer has an offset" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[sensors.leg]\ndriver = "dht22"\npin = 4\nadress = 4\n',
            "sensors.leg.adress: no such key; known: driver, offset_c, pin, pulseio",
        ),
        (
            '[sensors.foot]\ndriver = "dht22"\n',
            "sensors.foot: no such key; known: leg, room, movement, presence",
        ),
        (
            "[push.ntfy]\ntopik = 1\n",
            "push.ntfy.topik: no such key; known: url, topic, timeout_s",
        ),
        (
            "[push.mqtt]\ntimeout_s = 0\n",
            "push.mqtt.timeout_s: 0.0 is not allowed; allowed 1 to",
        ),
        ("[push.pigeon]\nname = 1\n", "push.pigeon: no such key; known: channels, "),
        ("[push]\nntfy = 1\n", "push.ntfy: a table is expected"),
    ],
)
def test_a_wrong_key_of_a_driver_or_channel_names_what_it_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    kind = "server" if "push" in text else "agent"
    assert check(tmp_path, f'bed = "anna"\n{text}' if kind == "agent" else text, "--as", kind) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_table_for_a_driver_on_pins_can_be_tried_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_device.settings.check_ca_file", NOT_HERE.append)
    text = (REPO / "config/agent.example.toml").read_text()
    text = re.sub(r'driver = "(dht22|gpio_motion|gpio)"', 'driver = "simulated"', text)
    assert check(tmp_path, uncommented(text).split("# Instead of")[0]) == 0


@pytest.mark.parametrize("topic", ["", "a-long-odd-topic"])
def test_two_people_with_one_phone_are_to_be_looked_at_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], topic: str
) -> None:
    own = f'address = {{ ntfy = "{topic}" }}\n' if topic else ""
    other = 'address = { ntfy = "another-odd-topic" }\n'
    people = f"[people.anna]\n{own}[people.karl]\n{own}[people.helga]\n{other}"
    push = '[push]\nchannels = ["ntfy"]\n[push.ntfy]\ntopic = "of-them-all"\n'
    assert check(tmp_path, people + push, "--as", "server") == 0
    said = capsys.readouterr().out
    assert "look again: people.karl.address.ntfy: karl and anna have the same, so each" in said
    assert "helga and" not in said
