"""The interfaces of drivers. A new driver is one file and one entry-point line: see README.md."""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from legwatch.contract.press import Press
from legwatch.contract.roles import THERMOMETERS
from legwatch.entry import reason
from legwatch.errors import CannotRun, LegwatchError, OptionError, SettingsError
from legwatch.events import Window
from legwatch_runtime import plugins
from legwatch_runtime.calls import Call

FEEDS = "legwatch.feeds"
EXTRA = (  # if these are here, the extra `device` is installed
    "gpiozero",
    "adafruit_dht",
    "w1thermsensor",
    "adafruit_sht4x",
    "adafruit_sht31d",
    "adafruit_bme280",
)
Put = Callable[[Window | Press], None]  # may block, to slow down a fast feed


class Reading(NamedTuple):
    """One good reading: degrees Celsius, relative humidity in percent or None."""

    celsius: float
    humidity_pct: float | None = None


class MotionSample(NamedTuple):
    """Edges and seconds of a movement line since the last sample; None: the driver cannot tell."""

    moves: int
    moved_s: float | None = None  # seconds in which the line was active or bounced
    active_s: float | None = None  # seconds in which the line was active


class ReadFault(Exception):  # noqa: N818 - a fault of the sensor, not of the program
    """A reading failed; the first argument is one short word such as `checksum`.

    A second one, a short text such as the value, stands behind it in the log.
    """

    def __str__(self) -> str:
        """Return the short word."""
        return str(self.args[0]) if self.args else ""


class NothingNew(Exception):  # noqa: N818 - it is no error
    """A sensor that reports by itself has said nothing since the last reading: that is no fault.

    A thermometer or a gauge raises it; the window then has neither a value nor a fault of it. Once
    the sensor should have reported, raise ReadFault.
    """


class Driver(Protocol):
    """What an entry point names: the class of a driver.

    Raise OptionError for a wrong option, CannotRun if a later try may succeed, else LegwatchError.
    The agent puts the path of the table before the text.
    """

    Options: type[Any]  # its keys, a frozen dataclass of `legwatch.settings.setting`

    def __call__(self, options: Any) -> Any:
        """Return the driver, ready for use. Import hardware libraries only here."""


class Thermometer(Protocol):
    """A thermometer; `read` may block, because it runs in a thread of its own."""

    def read(self) -> Reading:
        """Return a new reading, never an old one; raises ReadFault or NothingNew."""


class Motion(Protocol):
    """A movement sensor; the driver counts between two calls."""

    def seen(self) -> MotionSample:
        """Return the movement since the last call; raises ReadFault if the sensor is missing."""


class Presence(Protocol):
    """A mat, a radar or another sensor that sees whether somebody is in bed."""

    def present(self) -> bool | None:
        """Return if somebody is in bed, None if unknown; raises ReadFault."""


class Gauge(Protocol):
    """A sensor of one number; `read` may block, because it runs in a thread of its own."""

    def read(self) -> float:
        """Return a new number in the unit of its role, never an old one.

        Raises ReadFault or NothingNew.
        """


class Signal(Protocol):
    """A lamp, a buzzer or both. Every method returns at once; sound and blinking end alone."""

    def light(self) -> bool:
        """Switch the lamp on; False without a lamp."""

    def sound(self) -> bool:
        """Beep for a minute at most; False without a buzzer."""

    def blink(self) -> bool:
        """Blink the lamp twice and leave it off, without a sound; False without a lamp."""

    def calm(self) -> None:
        """Switch lamp and buzzer off."""


class Button(Protocol):
    """A button at the bed."""

    def listen(self, pressed: Callable[[str], None]) -> None:
        """Call `pressed` at each press, from a thread of the driver; README.md has its words."""


class Feed(Protocol):
    """A source of windows and presses, in time order; the agent sets `boot` and `seq`."""

    def run(self, put: Put, stop: threading.Event) -> None:
        """Pass windows to `put` until the end or until `stop` is set."""

    def age_ms(self, to_ms: int) -> int | None:
        """Return for how long a window that ended at `to_ms` on the feed's time line is overdue.

        That is a time of the clock on the wall, whatever the speed of the feed. None: the windows
        do not age.
        """


# What the agent calls, by entry-point group.
METHODS = {
    "legwatch.thermometers": ("read",),
    "legwatch.gauges": ("read",),
    "legwatch.motion": ("seen",),
    "legwatch.presence": ("present",),
    "legwatch.signals": ("light", "sound", "blink", "calm"),
    "legwatch.buttons": ("listen",),
    "legwatch.feeds": ("run", "age_ms"),
}


def taken_keys(group: str) -> tuple[str, ...]:
    """Return the keys of a driver's table that the agent reads itself."""
    if group == FEEDS:  # its table names no driver
        return ()
    return ("driver", "offset_c") if group == THERMOMETERS else ("driver",)


def load(group: str, name: str, path: str) -> Driver:
    """Return the driver `name` of an entry-point group.

    Raises SettingsError with the known names, CannotLoad if its package is broken.
    """
    methods, taken = METHODS.get(group, ()), taken_keys(group)
    driver: Driver = plugins.load(group, name, path, "driver", methods, taken=taken)
    return driver


def read(
    group: str,
    name: str,
    driver: Driver,
    table: Mapping[str, Any],
    path: str,
    beside: Sequence[str] = (),
) -> Any:
    """Return the options of a driver from its table; raises SettingsError or CannotLoad.

    `beside`: keys of the table that the agent reads, for an error that names all keys.
    """
    return plugins.read(group, driver, ("driver", name), table, path, beside)


def open_driver(group: str, name: str, path: str, table: Mapping[str, Any], **more: Any) -> Any:
    """Load and start a driver with the options in the table at `path`.

    Raises SettingsError if the settings or this machine do not fit, else CannotRun: the driver may
    start later. Both are one sentence.
    """
    driver = load(group, name, path)
    options = read(group, name, driver, table, path)
    whose = plugins.whose(group, name)
    if whose:
        plugins.begins(f"{path}: starting driver {name!r}{whose}")
    try:
        with Call(f"driver {name!r}{whose}" if whose else "", "starting"):
            return driver(options, **more)
    except ModuleNotFoundError as error:
        needs = f"driver {name!r}{whose} needs the module {_missing(driver, error)}"
        raise CannotRun(f"{path}: {needs}") from error  # the other sensors run without it
    except OptionError as error:
        raise error.under(path) from error
    except SettingsError:
        raise
    except CannotRun as error:
        raise CannotRun(f"{path}: driver {name!r}{whose} cannot start: {error}") from error
    except LegwatchError as error:
        raise SettingsError(path, f"driver {name!r}{whose} cannot start: {error}") from error
    except BaseException as error:  # the driver's own, or of its library; SystemExit, too
        why = reason(error)
        raise CannotRun(f"{path}: driver {name!r}{whose} cannot start: {why}") from error


def _missing(driver: Driver, error: ModuleNotFoundError) -> str:
    """Return the missing module and the command that installs it for this Python."""
    module = (error.name or "?").split(".")[0]
    pip = f"{sys.executable} -m pip install"
    if not getattr(driver, "__module__", "").startswith(__package__):
        return f"{module}: {pip} {module}"
    if all(find_spec(library) for library in EXTRA):
        return f"{module}, and the extra 'device', which is installed, lacks it: {pip} {module}"
    return f"{module}: {pip} 'legwatch[device]'"
