"""A shipped driver whose library is not installed: it is told, and the others run."""

import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from device.test_starting import Bed, good, starts
from legwatch.contract.bedside_command import Cmd, Command, CommandResult
from legwatch.errors import CannotRun
from legwatch_device.beacon import Beacon
from legwatch_device.drivers import device_file, open_driver, pins
from legwatch_device.settings import BUTTONS, SIGNALS
from legwatch_device.starting import Starting, wait_for_first_tries
from legwatch_runtime.clock import SystemClock
from legwatch_runtime.part import Parts
from placed import LEG, MOVEMENT, PRESENCE, ROOM

PIN = {"pin": 4}
SENSORS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "dht22": (LEG, "adafruit_dht", PIN),
    "gpio_motion": (MOVEMENT, "gpiozero", PIN),
    "gpio_presence": (PRESENCE, "gpiozero", PIN),
    "bed_mat": (PRESENCE, "gpiozero", PIN),
    "ads1115": (MOVEMENT, "adafruit_ads1x15", {}),
    "mcp3008": (PRESENCE, "gpiozero", {}),
    "ld2410": (PRESENCE, "serial", {"port": "serial0"}),
}
LIBRARY = """
class DigitalInOut:
    def __init__(self, pin): pass
    def deinit(self): pass
"""
INSTALL = f"{sys.executable} -m pip install 'legwatch[device]'"


@pytest.fixture(autouse=True)
def _board_without_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gpiochip0", "i2c-1", "spidev0.0", "serial0"):
        (tmp_path / name).touch()
    monkeypatch.setattr(pins, "DEV", tmp_path)
    monkeypatch.setattr(device_file, "DEV", tmp_path)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    strips = ("adafruit_ads1x15", "adafruit_ads1x15.ads1115")  # another test may have imported it
    for module in ("adafruit_dht", *strips, "board", "gpiozero", "serial"):
        monkeypatch.setitem(sys.modules, module, None)
    # In the process that reads a DHT22, too.
    install(tmp_path, "raise ModuleNotFoundError('not here', name='adafruit_dht')")
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), before))))


def install(folder: Path, library: str = "") -> None:
    """Write a library that is as Adafruit's, as far as a start needs it."""
    (folder / "adafruit_dht.py").write_text(library or LIBRARY)
    (folder / "board.py").write_text("D4 = 4\n")


@pytest.mark.parametrize("driver", SENSORS)
def test_the_other_sensors_run_and_what_to_install_is_told(
    driver: str, caplog: pytest.LogCaptureFixture
) -> None:
    role, module, table = SENSORS[driver]
    key = f"sensors.{role.name}"
    bed = Bed(
        (role, lambda: open_driver(role.group, driver, key, table)),
        (ROOM, starts(good(18.0))),
    )
    window = bed.until(lambda window: window.room_c == 18.0)
    wait_for_first_tries([one.starting for one in bed.readers])  # ends no agent
    bed.stop.set()
    assert window.faults == ((role.fault, "cannot_start"),)
    assert (
        f"{role.name} sensor: {key}: driver {driver!r} needs the module {module}: {INSTALL}; "
        "the others go on, and this one is tried again"
    ) in caplog.text


@pytest.mark.parametrize(("group", "driver"), [(SIGNALS, "gpio"), (BUTTONS, "gpio_button")])
def test_lamp_and_button_without_their_library_end_no_agent(group: str, driver: str) -> None:
    options = {"lamp_pin": 5} if driver == "gpio" else {"pin": 5}
    with pytest.raises(CannotRun, match="needs the module gpiozero: "):
        open_driver(group, driver, "here", options)


def test_a_lamp_without_its_library_says_so_to_the_server() -> None:
    def start() -> Any:
        return open_driver(SIGNALS, "gpio", "signal", {"lamp_pin": 5})

    answers: queue.Queue[CommandResult] = queue.Queue()
    beacon = Beacon(start, SystemClock(), answers.put, Parts())
    assert beacon.starting is not None
    assert beacon.starting.attempt() is None
    beacon.begin()
    beacon.obey(Command("1", Cmd.NUDGE))
    answer = answers.get(timeout=10)
    beacon.stop()
    assert (answer.ok, INSTALL in answer.why) == (False, True)


def test_it_is_taken_as_soon_as_it_is_installed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    here = Starting("leg sensor", lambda: open_driver(LEG.group, "dht22", "here", {"pin": 4}))
    assert here.attempt() is None
    assert here.refused is None
    install(tmp_path)
    driver = here.wait(threading.Event())
    assert "leg sensor: works now" in caplog.text
    driver.close()
