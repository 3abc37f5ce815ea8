"""What the owner reads when a pin cannot be opened: one sentence with the cause."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from legwatch.errors import CannotRun, SettingsError
from legwatch_device.drivers import open_driver, pins

SECTIONS = {
    "sensors.leg: driver 'dht22'": '[sensors.leg]\ndriver = "dht22"\npin = 4\n',
    "sensors.movement: driver 'gpio_motion'": (
        '[sensors.movement]\ndriver = "gpio_motion"\npin = 17\n'
    ),
    "button: driver 'gpio_button'": '[button]\ndriver = "gpio_button"\npin = 27\n',
    "signal: driver 'gpio'": '[signal]\ndriver = "gpio"\nbuzzer_pin = 24\n',
}


@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has GPIO pins")
@pytest.mark.parametrize("whose", SECTIONS)
def test_without_pins_the_agent_names_the_device_that_is_missing(
    whose: str, tmp_path: Path
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(f'bed = "anna"\nstate_dir = "{tmp_path}/state"\n{SECTIONS[whose]}')
    done = subprocess.run(
        [sys.executable, "-m", "legwatch", "agent", "--config", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == (
        f"legwatch agent: {whose} cannot start: /dev/gpiochip0 is not there: this machine has no "
        'GPIO pins; run the agent on the Raspberry Pi, or write driver = "simulated" here to try '
        "legwatch without hardware\n"
    )
    assert (done.returncode, done.stdout) == (2, "")


class Refusing(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """Refuses each pin with an error of the real libraries' kind."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def pin(self, name: object, **_more: object) -> object:
        raise self.error


class Lgpio(Exception):  # noqa: N818 - the library's is called `error`
    """As lgpio's: words, no number, and quotes around them."""

    def __str__(self) -> str:
        return repr(self.args[0])


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a device file that is there; an ordinary file, as only its rights matter."""
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to anybody else
        Path(folder).chmod(0o755)
        monkeypatch.setattr(pins, "DEV", Path(folder))
        file = Path(folder) / "gpiochip0"
        file.touch()
        yield file


@pytest.fixture
def _refused(chip: Path) -> Iterator[None]:
    """Close the device file, and be somebody whom that stops, which is not root."""
    chip.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.fixture(autouse=True)
def _before() -> Iterator[None]:
    before = Device.pin_factory
    yield
    Device.pin_factory = before


def opening(error: Exception) -> None:
    Device.pin_factory = Refusing(error)
    open_driver("legwatch.motion", "gpio_motion", "sensors.movement", {"pin": 17})


@pytest.mark.parametrize(
    "error", [OSError(errno.EBUSY, "Device or resource busy"), Lgpio("GPIO busy")]
)
def test_a_busy_pin_is_called_busy_and_may_be_free_later(chip: Path, error: Exception) -> None:
    with pytest.raises(CannotRun) as told:
        opening(error)
    assert str(told.value) == (
        "sensors.movement: driver 'gpio_motion' cannot start: GPIO 17 is busy: another program "
        "holds it, such as a second agent or a dtoverlay line in config.txt; the command gpioinfo "
        "names it"
    )


REFUSALS = [PermissionError("Cannot inspect GPIO controllers"), Lgpio("can not open gpiochip")]


@pytest.mark.parametrize("error", REFUSALS)
@pytest.mark.usefixtures("_refused")
def test_a_device_that_this_user_may_not_open_is_named_with_the_command(
    chip: Path, error: Exception
) -> None:
    with pytest.raises(CannotRun) as told:
        opening(error)
    assert str(told.value) == (
        f"sensors.movement: driver 'gpio_motion' cannot start: {chip} is there, but this user may "
        "not open it: sudo usermod -aG gpio $USER, then log in again"
    )


@pytest.mark.parametrize("error", REFUSALS)
def test_rights_are_not_blamed_for_a_device_that_can_be_opened(
    chip: Path, error: Exception
) -> None:
    with pytest.raises(CannotRun, match=r"cannot start: .*(GPIO controllers|open gpiochip)"):
        opening(error)


def test_without_a_device_file_no_library_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "DEV", tmp_path)
    with pytest.raises(SettingsError, match=f"{tmp_path}/gpiochip0 is not there"):
        opening(ModuleNotFoundError("No module named 'lgpio'", name="lgpio"))
