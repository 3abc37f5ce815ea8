"""The doors for hardware: a driver is one file and one entry-point line."""

import sys
import threading
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from legwatch.contract.press import Press
from legwatch.errors import CannotRun, SettingsError
from legwatch.events import Window

EXTRA = ("gpiozero", "adafruit_dht")  # what the extra `device` is for; the rest comes with them
Put = Callable[[Window | Press], None]  # may block: that is how a fast feed is held back


class Reading(NamedTuple):
    """One good reading: degrees Celsius, relative humidity in percent or None."""

    celsius: float
    humidity_pct: float | None = None


class MotionSample(NamedTuple):
    """What a movement line did, in edges and in seconds; None where the driver cannot tell."""

    moves: int
    moved_s: float | None = None  # in which it moved, bounces joined, or was active
    active_s: float | None = None  # in which it was active


class ReadFault(Exception):  # noqa: N818 - a fault of the sensor, not of the program
    """No reading this time; the argument is one short word such as `checksum`."""


class Thermometer(Protocol):
    """A thermometer; reading may block, and is done in a thread of its own."""

    def read(self) -> Reading:
        """Return a reading that was made now; raises ReadFault."""


class Motion(Protocol):
    """A movement sensor that counts by itself."""

    def seen(self) -> MotionSample:
        """Return what moved since the last call; raises ReadFault when the sensor is gone."""


class Signal(Protocol):
    """A lamp, a buzzer or both. Every method returns at once; what it began ends by itself."""

    def light(self) -> bool:
        """Light the lamp and leave it on; False when there is none."""

    def sound(self) -> bool:
        """Beep for a minute at most; False when there is no buzzer."""

    def blink(self) -> bool:
        """Blink the lamp twice and leave it off, without a sound; False when there is none."""

    def calm(self) -> None:
        """Put out the lamp and silence the buzzer."""


class Button(Protocol):
    """A button at the bedside."""

    def listen(self, pressed: Callable[[str], None]) -> None:
        """From now on say `ack` or `cramp` for each press, from a thread of the button's own."""


class Feed(Protocol):
    """A whole bed: windows and presses, in time order. `boot` and `seq` are the agent's to give."""

    def run(self, put: Put, stop: threading.Event) -> None:
        """Hand over windows until the end or until `stop`."""

    def now_ms(self) -> int | None:
        """Return the time of the feed's own time line, or None where age does not count."""


def load(group: str, name: str, path: str) -> Callable[..., Any]:
    """Return the driver `name` of an entry-point group; raises SettingsError naming those known."""
    points = {point.name: point for point in entry_points(group=group)}
    if name not in points:
        known = ", ".join(sorted(points))
        raise SettingsError(path, f"no driver {name!r}; installed: {known}")
    driver: Callable[..., Any] = points[name].load()
    return driver


def open_driver(group: str, name: str, path: str, *words: Any, **more: Any) -> Any:
    """Load and start a driver.

    Raises CannotRun when it may start later, SettingsError when not; both in one sentence.
    """
    driver = load(group, name, path)
    try:
        return driver(*words, **more)
    except ModuleNotFoundError as error:
        raise SettingsError(path, f"driver {name!r} needs the module {_missing(error)}") from error
    except SettingsError:
        raise
    except CannotRun as error:
        raise CannotRun(f"{path}: driver {name!r} cannot start: {error}") from error
    except Exception as error:
        text = " ".join(str(error).split())  # some libraries tell a story of many lines
        raise SettingsError(path, f"driver {name!r} cannot start: {text}") from error


def _missing(error: ModuleNotFoundError) -> str:
    """Name a missing module and the command that brings it, with the pip of this very Python."""
    module = (error.name or "?").split(".")[0]
    pip = f"{sys.executable} -m pip install"
    if all(find_spec(library) for library in EXTRA):
        return f"{module}, and the extra 'device', which is installed, lacks it: {pip} {module}"
    return f"{module}: {pip} 'legwatch[device]'"
