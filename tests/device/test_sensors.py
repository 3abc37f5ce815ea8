"""`legwatch sensors`: what is found on a made machine."""

import json
import os
import pty
import threading
from pathlib import Path

import pytest

from legwatch_device.looking import buses
from legwatch_device.looking.candidate import Kind
from legwatch_runtime.command import main as legwatch

FRAME = bytes.fromhex("f4f3f2f1 0d00 02aa 01 3200 28 0000 00 3200 55 00 f8f7f6f5")


def machine(root: Path, *, w1: int = 0, dht: int = 0) -> Path:
    """Make the files that a kernel would show."""
    for number in range(w1):
        folder = root / buses.W1 / f"28-00000000000{number}"
        folder.mkdir(parents=True)
        (folder / "temperature").write_text("21375\n")
    for number in range(dht):
        folder = root / buses.IIO / f"iio:device{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text("dht11@4\n")
        (folder / "in_temp_input").write_text("19500\n")
    return root


def found(root: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    legwatch(["sensors", "--json", "--root", str(root)])
    return list(json.loads(capsys.readouterr().out))


def test_the_only_sensor_of_a_kind_needs_no_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = found(machine(tmp_path, w1=1, dht=1), capsys)
    assert (one["driver"], one["options"], one["now"]) == ("ds18b20", {}, "21.4 °C")
    assert (other["driver"], other["options"], other["now"]) == ("dht_iio", {}, "19.5 °C")


def test_of_several_each_has_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = found(machine(tmp_path, w1=2, dht=2), capsys)
    assert [table["options"] for table in tables] == [
        {"id": "28-000000000000"},
        {"id": "28-000000000001"},
        {"device": "iio:device0"},
        {"device": "iio:device1"},
    ]


def test_what_gives_no_reading_now_is_found_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = machine(tmp_path, w1=1)
    (root / buses.W1 / "28-000000000000" / "temperature").write_text("\n")
    (one,) = found(root, capsys)
    assert one["now"] == ""


def test_a_machine_without_sensors_says_what_else_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["sensors", "--root", str(tmp_path)]) == 1
    assert "`legwatch sensors --listen 20`" in capsys.readouterr().out


@pytest.mark.parametrize(("sends", "kinds"), [(FRAME, 2), (b"AT+OK\r\n", 0)])
def test_a_radar_is_known_by_its_frames(sends: bytes, kinds: int) -> None:
    """A pseudo-terminal stands for the serial port."""
    here, there = pty.openpty()
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.05):
            os.write(here, sends)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        candidates = list(buses.radar(Path(os.ttyname(there))))
    finally:
        stop.set()
        thread.join()
        os.close(here)
        os.close(there)
    assert [one.kind for one in candidates] == [Kind.MOVEMENT, Kind.PRESENCE][:kinds]


def test_without_pins_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has pins")
    assert legwatch(["sensors", "--listen", "1"]) == 1
    assert "this machine has no GPIO pins" in capsys.readouterr().err


def test_what_the_sensors_say_is_shown_each_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(
        'bed = "b"\n[sensors.leg]\ndriver = "simulated"\n[sensors.movement]\ndriver = "simulated"\n'
    )
    assert legwatch(["sensors", "--live", str(file), "--seconds", "2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 2
    assert any("leg_c" in line for line in lines)
