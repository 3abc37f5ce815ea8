"""What is shipped for running legwatch fits together."""

import json
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from legwatch.errors import SettingsError
from legwatch.settings import load
from legwatch_device.settings import SERVERS_USER
from legwatch_device.settings import read as read_agent
from legwatch_server.settings import ServerSettings
from legwatch_server.supervisor import mosquitto
from legwatch_server.supervisor.config import write_config
from repository import need

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def test_the_dashboards_are_what_the_code_writes() -> None:
    done = subprocess.run(
        [sys.executable, DEPLOY / "grafana/nights.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_both_flavours_show_the_same_panels() -> None:
    boards = {
        name: json.loads((DEPLOY / f"grafana/dashboards/nights-{name}.json").read_text())
        for name in ("influx", "prometheus")
    }
    titles = {name: [p["title"] for p in board["panels"]] for name, board in boards.items()}
    assert titles["influx"] == titles["prometheus"]
    for board in boards.values():
        for panel in board["panels"]:
            assert [t["refId"] for t in panel["targets"]] == list("ABCD"[: len(panel["targets"])])
    for panel in boards["influx"]["panels"]:
        for target in panel["targets"]:
            query = target["query"]
            assert query.startswith("from(bucket: v.defaultBucket)\n  |> range(start: ")
            assert 'r.bed == "${bed}"' in query


def test_compose_names_only_what_exists_and_opens_only_the_broker() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for mounted in re.findall(r"- (\./[^:]+):", text):
        assert (DEPLOY / mounted).exists(), mounted
    ports = re.findall(r'- "([0-9.:]+)"', text)
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == ["1883:1883"]
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    given = {
        line.split("=")[0]
        for line in (DEPLOY / "env.example").read_text().splitlines()
        if "=" in line
    }
    assert asked == given
    load(ServerSettings, tomllib.loads((DEPLOY / "server.toml").read_text())).check()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_hardened(unit: Path) -> None:
    done = subprocess.run(
        [need("systemd-analyze", "systemd"), "security", "--offline=true", "--threshold=40", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:]


def test_the_broker_starts_with_the_shipped_configuration(tmp_path: Path) -> None:
    mosquitto = need("mosquitto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "passwords").touch(mode=0o600)
    (tmp_path / "acl").write_text((DEPLOY / "mosquitto/acl").read_text())
    text = (DEPLOY / "mosquitto/mosquitto.conf").read_text()
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1")
    text = text.replace("/mosquitto/config/", f"{tmp_path}/")
    text = text.replace("/mosquitto/data/", f"{tmp_path}/")
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"{text}\nuser root\n")
    broker = subprocess.Popen([mosquitto, "-c", conf], stderr=subprocess.PIPE, text=True)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            broker.wait(1.5)  # a wrong line ends it at once
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
    finally:
        broker.terminate()
        broker.communicate(timeout=10)


def test_the_brokers_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    mosquitto.write(mosquitto.SHIPPED, tmp_path)
    for name in ("mosquitto.conf", "acl"):
        assert (DEPLOY / "mosquitto" / name).read_text() == (tmp_path / name).read_text(), (
            "write it anew: python -m legwatch_server.supervisor.mosquitto deploy/mosquitto"
        )


def test_legwatch_up_has_the_shipped_broker_with_users_of_its_own(tmp_path: Path) -> None:
    need("mosquitto")
    house = write_config(tmp_path, {}, {"bed": "anna", "recording": {"file": "night.csv"}})
    folder = tmp_path / "broker"
    shipped = set((DEPLOY / "mosquitto" / "mosquitto.conf").read_text().splitlines())
    ours = set((folder / "mosquitto.conf").read_text().splitlines())
    differs = (
        "# mosquitto_passwd",
        "listener",
        "password_file",
        "acl_file",
        "persistence_location",
    )
    assert all(line.startswith(differs) for line in shipped - ours)
    assert (folder / "acl").read_text() == (DEPLOY / "mosquitto" / "acl").read_text()
    users = [line.split(":")[0] for line in (folder / "passwords").read_text().splitlines()]
    assert sorted(users) == ["anna", "server"]
    assert house.server.env != house.agent.env
    told = tomllib.loads((tmp_path / "server.toml").read_text())
    assert (told["mqtt"]["user"], told["beds"]) == ("server", {"anna": {"played": True}})
    assert tomllib.loads((tmp_path / "agent.toml").read_text())["mqtt"]["user"] == "anna"


def test_no_bed_has_the_servers_name_at_the_broker(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('bed = "server"\n')
    with pytest.raises(SettingsError, match=r"bed: 'server' is the server's name"):
        read_agent(file)
    assert mosquitto.SERVER == SERVERS_USER


def test_the_container_has_every_package_of_the_wheel() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (\w+) /src/\1$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert {package.split("/")[0] for package in packages} <= set(copied)
