"""The example package adds two drivers and a channel through the doors that legwatch's own use."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import installed
from device.waiting import soon
from legwatch import entry
from legwatch.contract.window import decode_window
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.settings import load
from legwatch_device.drivers import ReadFault, open_driver
from legwatch_device.spool import Spool
from legwatch_example.iio_mat import IioMat
from legwatch_example.tmp117 import CONFIGURATION, DATA_READY, DEVICE_ID, TEMPERATURE, Tmp117
from legwatch_example.webhook import Webhook
from legwatch_server.notify.channels import Permanent, Retryable, build_channel, open_channels
from legwatch_server.settings import ServerSettings
from repository import REPO
from server.notify.channels.test_channels import PUSH
from server.service import Answer, Asked, Service, told

PACKAGE = REPO / "examples/legwatch-example"
# A library with a TMP117 at 31 °C on bus 1: the real one needs the device file of a Pi.
SMBUS2 = """
class SMBus:
    def __init__(self, number):
        self.number = number
    def read_i2c_block_data(self, address, register, length):
        if (self.number, address) != (1, 73):
            raise OSError(121, "Remote I/O error")
        return list({0: 0x0F80, 1: 0x2220, 15: 0x0117}[register].to_bytes(length))
"""


class FakeBus:
    """One TMP117 at address 72: the registers hold what the test puts there."""

    def __init__(self, raw: int = 0x0C80) -> None:
        self.registers = {DEVICE_ID: 0x1117, CONFIGURATION: DATA_READY, TEMPERATURE: raw}

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int, /) -> list[int]:
        assert i2c_addr == 72
        return list(self.registers[register].to_bytes(length))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the package into a folder as pip does: what it says of itself stands in dist-info."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "site" / f"legwatch_example-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    lines = [
        line
        for group, points in groups
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(entry, "_points", installed.look)
    return tmp_path


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def environment(place: Path) -> dict[str, str]:
    ours = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join((str(place / "site"), str(PACKAGE / "src"), *filter(None, (ours,))))
    return {**os.environ, "PYTHONPATH": path}


def legwatch(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "legwatch", *words],
        env=environment(place),
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def agent_file(place: Path, leg: str, more: str = "") -> str:
    file = place / "agent.toml"
    text = f'bed = "anna"\nwindow_s = 1\nstate_dir = "{place}/state"\n[sensors.leg]\n{leg}\n{more}'
    file.write_text(text)
    return str(file)


GOOD = 'driver = "tmp117"\naddress = 73\noffset_c = -0.5'


@pytest.mark.end_to_end
def test_the_agent_measures_with_a_driver_of_another_package(place: Path) -> None:
    (place / "site/smbus2.py").write_text(SMBUS2)
    (place / "raw").write_text("900\n")
    mat = f'[sensors.presence]\ndriver = "iio_mat"\nfile = "{place}/raw"\nover = 500\n'
    file = agent_file(place, GOOD, mat)
    assert legwatch(place, "check-config", file).returncode == 0
    words = [sys.executable, "-m", "legwatch", "agent", "--config", file]
    (place / "state").mkdir()

    def measured() -> bool:
        with closing(Spool(place / "state/spool.db")) as spool:
            windows = [decode_window(kept.payload) for _, kept in spool.after(0, 100)]
        return any(window.leg_c == 30.5 and window.in_bed is True for window in windows)

    with subprocess.Popen(words, env=environment(place), cwd=place) as agent:
        try:
            assert soon(measured, within_s=30)
        finally:
            agent.send_signal(signal.SIGTERM)
    assert agent.returncode == 0


@pytest.mark.parametrize(
    ("leg", "words"),
    [
        (
            'driver = "tmp117"\naddress = 80',
            "sensors.leg.address: 80 is not allowed; allowed 72 to 75",
        ),
        (
            'driver = "tmp117"\nadress = 72',
            "sensors.leg.adress: no such key; known: driver, offset_c, address, i2c_bus",
        ),
        ('driver = "tmp118"', "sensors.leg.driver: no driver 'tmp118'; installed: "),
    ],
)
def test_a_wrong_key_of_the_driver_is_one_sentence(place: Path, leg: str, words: str) -> None:
    file = agent_file(place, leg)
    for command in (["check-config", file], ["agent", "--config", file]):
        done = legwatch(place, *command)
        assert done.returncode == 2
        *begun, said = done.stderr.splitlines()  # the agent names what it imports
        assert words in said
        assert all(line.startswith("INFO importing driver 'tmp117' (") for line in begun)


@pytest.mark.end_to_end
def test_a_chip_that_does_not_answer_is_one_sentence_and_tried_again(place: Path) -> None:
    (place / "site/smbus2.py").write_text(SMBUS2)
    file = agent_file(place, 'driver = "tmp117"')
    agent = subprocess.Popen(
        [sys.executable, "-m", "legwatch", "agent", "--config", file],
        env=environment(place),
        cwd=place,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert agent.stderr is not None
    whose = "driver 'tmp117' (legwatch_example.tmp117:Tmp117 of legwatch-example 0.1.0)"
    with agent.stderr:
        assert agent.stderr.readline() == f"INFO importing {whose}\n"
        assert agent.stderr.readline() == f"INFO sensors.leg: starting {whose}\n"
        assert agent.stderr.readline() == (
            "WARNING leg sensor: sensors.leg: driver 'tmp117' (legwatch_example.tmp117:Tmp117 of "
            "legwatch-example 0.1.0) cannot start: [Errno 121] Remote I/O error; the others go on, "
            "and this one is tried again\n"
        )
        assert agent.stderr.readline() == "INFO agent up: bed anna, sensors: leg tmp117\n"
        agent.terminate()
        assert agent.wait(10) == 0


def test_the_keys_are_listed_as_those_of_the_shipped_drivers_are(place: Path) -> None:
    listed = legwatch(place, "check-config", "--options").stdout.splitlines()
    begin = "[sensors.leg] thermometer by the legs: "
    names = next(line.removeprefix(begin) for line in listed if line.startswith(begin))
    # A developer's environment may have drivers of their own.
    assert {"dht22", "simulated", "tmp117"} <= set(names.split(", "))
    said = legwatch(place, "check-config", "--options", "tmp117").stdout
    assert "address = 72                              # I2C address, by the pin ADD0; 72 to 75" in (
        said.splitlines()
    )


def server_file(place: Path, table: str) -> str:
    file = place / "server.toml"
    file.write_text(f'zone = "UTC"\n[push]\nchannels = ["webhook"]\n[push.webhook]\n{table}\n')
    return str(file)


def test_the_server_opens_a_channel_of_another_package(place: Path) -> None:
    file = server_file(place, 'url = "http://127.0.0.1:1/"\ntimeout_s = 2')
    done = legwatch(place, "server", "--config", file, "--check-config")
    assert (done.returncode, done.stderr) == (0, "")
    assert "channels webhook" in done.stdout


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            'url = "http://x"\ntimeout_s = 0',
            "push.webhook.timeout_s: 0.0 is not allowed; allowed 1 to 60",
        ),
        ('url = "http://x"\nuri = "x"', "push.webhook.uri: no such key; known: url, timeout_s"),
        ('url = "ftp://x"', "push.webhook.url: an address with http:// or https:// is expected"),
        ("", "push.webhook.url: a URL must be given for the webhook channel"),
    ],
)
def test_a_wrong_key_of_the_channel_is_one_sentence(place: Path, table: str, words: str) -> None:
    done = legwatch(place, "check-config", server_file(place, table))
    assert (done.returncode, done.stderr) == (2, f"{place}/server.toml: {words}\n")


# ---- the package's own tests, as those of any driver and channel


@pytest.mark.parametrize(("raw", "celsius"), [(0x0C80, 25.0), (0xF380, -25.0), (1, 0.0078125)])
def test_the_registers_are_read_as_the_data_sheet_says(raw: int, celsius: float) -> None:
    assert Tmp117(Tmp117.Options(), bus=FakeBus(raw)).read().celsius == celsius


def test_an_old_conversion_is_no_reading() -> None:
    bus = FakeBus()
    sensor = Tmp117(Tmp117.Options(), bus=bus)
    bus.registers[CONFIGURATION] = 0
    with pytest.raises(ReadFault, match="not_ready"):
        sensor.read()


def test_another_chip_is_refused() -> None:
    bus = FakeBus()
    bus.registers[DEVICE_ID] = 0x0075
    with pytest.raises(LegwatchError, match="72 is no TMP117"):
        Tmp117(Tmp117.Options(), bus=bus)


def test_the_mat_is_read_from_its_file(place: Path) -> None:
    file = place / "raw"
    table = {"file": str(file), "over": 500}
    with pytest.raises(CannotRun, match="raw is not there: is the converter plugged in"):
        open_driver("legwatch.presence", "iio_mat", "sensors.presence", table)
    file.write_text("501\n")
    sensor: IioMat = open_driver("legwatch.presence", "iio_mat", "sensors.presence", table)
    assert sensor.present()
    file.write_text("500\n")
    assert not sensor.present()
    file.write_text("\n")
    with pytest.raises(ReadFault, match="no_number"):
        sensor.present()


def settings(service: Service, address: str = "") -> ServerSettings:
    bert = {"channels": ["webhook"], "address": {"webhook": address}}
    push = {"webhook": {"url": service.url, "timeout_s": 1.0}}
    return load(ServerSettings, {"people": {"bert": bert}, "push": push})


def test_a_push_is_sent_when_its_id_comes_back(place: Path, service: Service) -> None:
    def answer(asked: Asked) -> Answer:
        return told({"id": json.loads(asked.body)["id"]})

    service.answer = answer
    channel = open_channels(settings(service))["webhook"]
    channel.send(replace(PUSH, to=""))
    (asked,) = service.asked
    body = json.loads(asked.body)
    assert (body["title"], body["severity"]) == (PUSH.title, "warning")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(403), Permanent),
        (Answer(503), Retryable),
        (Answer(200, b"<html>log in"), Retryable),
        (told({"id": 8}), Retryable),
    ],
)
def test_no_other_answer_counts(
    answer: Answer, kind: type[Permanent | Retryable], service: Service
) -> None:
    service.answer = lambda _asked: answer
    with pytest.raises(kind):
        build_channel(Webhook, "webhook", settings(service)).send(replace(PUSH, to=""))


def test_a_wrong_address_names_the_person(service: Service) -> None:
    with pytest.raises(SettingsError, match=r"people\.bert\.address\.webhook: an address with"):
        build_channel(Webhook, "webhook", settings(service, "file:///etc/passwd"))
