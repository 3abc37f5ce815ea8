"""What is shipped for running legwatch fits together."""

import json
import re
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fresh.guide import blocks
from legwatch.errors import SettingsError
from legwatch.settings import load
from legwatch_device.settings import SERVERS_USER
from legwatch_device.settings import read as read_agent
from legwatch_server.settings import ServerSettings
from legwatch_server.supervisor import mosquitto
from legwatch_server.supervisor.config import write_config
from repository import miss, need

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


def test_each_dashboard_has_a_title_of_its_own() -> None:
    """Grafana takes no new dashboard from a folder in which two have one title."""
    boards = [json.loads(file.read_text()) for file in DEPLOY.glob("grafana/dashboards/*.json")]
    assert len({board["title"] for board in boards}) == len(boards) == 2


def test_the_composed_grafana_is_given_only_the_dashboard_whose_source_it_has() -> None:
    mounted = [volume for volume in compose()["grafana"]["volumes"] if "/dashboards/" in volume]
    assert [volume.partition(":")[0] for volume in mounted] == [
        "./grafana/dashboards/nights-influx.json"
    ]


def test_the_script_without_its_module_names_the_extra_and_what_is_there() -> None:
    """The guide's environment of a server has not got it, and needs it for nothing."""
    gone = "sys.modules['grafana_foundation_sdk'] = None"
    code = f"import sys, runpy; {gone}; runpy.run_path(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, DEPLOY / "grafana/nights.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'legwatch[grafana]'" in done.stderr
    assert str(DEPLOY / "grafana/dashboards") in done.stderr
    assert "Traceback" not in done.stderr


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


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text()
    services: dict[str, Any] = import_module("yaml").safe_load(text)["services"]
    return services


def test_compose_names_only_what_exists_and_opens_only_the_broker() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for mounted in re.findall(r"- (\./[^:]+):", text):
        assert (DEPLOY / mounted).exists(), mounted
    ports = [port for service in compose().values() for port in service.get("ports", ())]
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
    if not done.stdout:  # it has judged nothing: it needs a manager of its own kind, or root
        miss(f"systemd-analyze cannot run here: {done.stderr.strip()}")
    assert done.returncode == 0, f"{done.stdout[-300:]}{done.stderr[-300:]}"


def test_a_systemd_analyze_that_judges_nothing_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "systemd-analyze"
    program.write_text("#!/bin/sh\necho Failed to initialize manager >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("LEGWATCH_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="cannot run here: Failed to initialize"):
        test_units_are_hardened(UNITS[0])
    monkeypatch.setenv("LEGWATCH_REQUIRE", "all")
    with pytest.raises(pytest.fail.Exception, match="Failed to initialize"):
        test_units_are_hardened(UNITS[0])


# What Debian 12 and 13 ship as /etc/mosquitto/mosquitto.conf, without its log file.
DEBIANS = """\
persistence true
persistence_location /var/lib/mosquitto/

include_dir /etc/mosquitto/conf.d
"""


def starts(folder: Path, conf: str, port: int) -> str:
    """Start a broker with this configuration; return what it said if it has ended at once."""
    (folder / "mosquitto.conf").write_text(f"{conf}\nuser root\n")
    broker = subprocess.Popen(
        [need("mosquitto"), "-c", folder / "mosquitto.conf"], stderr=subprocess.PIPE, text=True
    )
    end_s = time.monotonic() + 30
    try:
        while broker.poll() is None and time.monotonic() < end_s:  # a wrong line ends it
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                return ""
            time.sleep(0.02)
    finally:
        broker.terminate()
        _, said = broker.communicate(timeout=10)
    return said or "ended"


@pytest.mark.parametrize("where", ["in a container", "in Debian's conf.d"])
def test_the_broker_starts_with_the_shipped_configuration(tmp_path: Path, where: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "passwords").touch(mode=0o600)
    (tmp_path / "acl").write_text((DEPLOY / "mosquitto/acl").read_text())

    def here(text: str) -> str:
        text = text.replace("listener 1883", f"listener {port} 127.0.0.1")
        for folder in ("/mosquitto/config", "/mosquitto/data", "/etc/mosquitto"):
            text = re.sub(rf" {folder}\b", f" {tmp_path}", text)
        return text.replace("/var/lib/mosquitto", str(tmp_path))

    if where == "in a container":
        text = here((DEPLOY / "mosquitto/mosquitto.conf").read_text())
    else:
        text = here(DEBIANS)
        (tmp_path / "conf.d").mkdir()
        shipped = (DEPLOY / "mosquitto/conf.d/legwatch.conf").read_text()
        (tmp_path / "conf.d/legwatch.conf").write_text(here(shipped))
    assert starts(tmp_path, text, port) == ""


def test_the_brokers_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    mosquitto.write_shipped(tmp_path)
    for name in ("mosquitto.conf", "acl", mosquitto.DEBIAN_FILE):
        assert (DEPLOY / "mosquitto" / name).read_text() == (tmp_path / name).read_text(), (
            "write it anew: python -m legwatch_server.supervisor.mosquitto deploy/mosquitto"
        )


def test_a_listener_with_tls_has_the_limits_that_count_for_one_listener_only() -> None:
    text = (DEPLOY / "README.md").read_text()
    (block,) = re.findall(r"^```\n(listener 8883\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    shipped = (DEPLOY / "mosquitto/conf.d/legwatch.conf").read_text().splitlines()
    for key in ("use_username_as_clientid", "max_connections"):
        (line,) = (line for line in shipped if line.startswith(f"{key} "))
        assert line in block.splitlines()


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
    assert house.agent
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


def test_the_guide_puts_a_further_bed_into_force_at_the_broker_and_at_the_server() -> None:
    *_, further = blocks("deploy/README.md", "A home server without containers")
    assert further[-2:] == [
        "sudo systemctl reload mosquitto",
        "sudo systemctl reload legwatch-server",
    ]


def test_the_broker_keeps_its_file_of_passwords_against_the_advice_of_debian_13() -> None:
    first, *_, further = blocks("deploy/README.md", "A home server without containers")
    owner = "sudo chown mosquitto: /etc/mosquitto/passwords"
    for block, changes in ((first, " -U "), (further, " bed2")):
        (at,) = (at for at, line in enumerate(block) if "mosquitto_passwd" in line)
        assert changes in f"{block[at]} "
        assert block[at + 1] == owner
    assert "the file's owner is not root" in (DEPLOY / "README.md").read_text()


def test_the_guide_pulls_with_sudo_which_git_lets_read_a_clone_of_the_user() -> None:
    guide = " ".join((DEPLOY / "README.md").read_text().split())
    assert "`git pull` in your clone, then `sudo git -C /opt/legwatch pull`" in guide


def test_the_guide_says_all_reasons_for_which_heartbeats_stop() -> None:
    (said,) = re.findall(
        r"The server sends it heartbeats [^.]+\.", (DEPLOY / "README.md").read_text()
    )
    assert "fresh windows" in said
    assert "no push reaches anybody for five minutes" in " ".join(said.split())


def test_the_ntfy_of_the_house_wakes_iphones_at_once() -> None:
    ntfy = compose()["ntfy"]["environment"]
    assert ntfy["NTFY_UPSTREAM_BASE_URL"] == "https://ntfy.sh"
    assert "iPhones" in (DEPLOY / "README.md").read_text()


def test_the_password_file_of_the_containers_stays_out_of_version_control() -> None:
    ignored = (DEPLOY.parent / ".gitignore").read_text().splitlines()
    assert "/deploy/mosquitto/passwords" in ignored


def test_the_guide_writes_every_file_that_a_unit_asks_for() -> None:
    on_server, on_pi, *_ = blocks("deploy/README.md", "A home server without containers")
    for part, lines in (("server", on_server), ("agent", on_pi)):
        unit = (DEPLOY / f"systemd/legwatch-{part}.service").read_text()
        typed = "\n".join(lines).replace("for f in mqtt bed1", "/etc/legwatch/mqtt-password")
        asked = re.findall(r"/etc/legwatch/[\w.-]+", unit)
        assert f"/etc/legwatch/{part}.toml" in asked
        assert [file for file in asked if file not in typed] == []
        assert f"enable --now legwatch-{part}" in typed


def test_the_settings_for_a_house_and_its_pi_fit_each_other() -> None:
    server = load(ServerSettings, tomllib.loads((DEPLOY / "home/server.toml").read_text()))
    server.check()
    agent = read_agent(DEPLOY / "home/agent.toml")
    assert server.mqtt.user == mosquitto.SERVER
    assert agent.mqtt.user == agent.bed
    assert list(server.beds) == [agent.bed]
    assert (server.mqtt.port, server.mqtt.host) == (agent.mqtt.port, "127.0.0.1")
    assert agent.mqtt.host != "127.0.0.1"
    guide = (DEPLOY / "README.md").read_text()
    assert f"printf {server.mqtt.user}:" in guide
    assert f"printf {agent.bed}:" in guide
