"""Open GPIO pins; an error says the cause in one sentence.

If a device file is missing, the libraries name a module or print warnings. Blinka also prints, asks
on a terminal whether it may install more, and replaces the handler of SIGTERM. This file prevents
all of this.
"""

import errno
import io
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, LegwatchError
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault

HIGHEST = 27  # the last BCM number on the header of a board with 40 pins
DEV = Path("/dev")
# Standard output is one for all threads. A pin that hangs must not keep the others for ever.
_OPENING, LONGEST_OPENING_S = threading.Lock(), 5.0
NO_BOARD = "this machine is no board whose GPIO pins the driver's library knows"


def pin_setting(about: str, *, needed: bool = True) -> Any:
    """Declare the key of a pin, which no other driver of the bed may have, too."""
    default = ... if needed else None
    return setting(default, about, low=0, high=HIGHEST, part="GPIO")


def gpio(device: str, pin: int, **options: Any) -> Any:
    """Return gpiozero's `device` on the BCM pin `pin`; raises the errors of `opening`.

    The library is lgpio, which works on every Pi. gpiozero would try four libraries, and hide why
    the first failed. If GPIOZERO_PIN_FACTORY is set, the pins may belong to another machine, so
    the errors of that library stay unchanged.
    """
    if "GPIOZERO_PIN_FACTORY" in os.environ:
        return _device(device)(pin, **options)
    with opening(pin):
        kind = _device(device)
        if kind.pin_factory is None:
            _choose_lgpio()
        return kind(pin, **options)


def is_active(device: Any) -> bool:
    """Return the state of a gpiozero device's line; raises ReadFault if it is none."""
    found = device.is_active
    if found is not True and found is not False:
        raise ReadFault("no_level")  # what is no level, such as None, is no rest either
    return bool(found)


@contextmanager
def opening(pin: int) -> Iterator[None]:
    """Open the BCM pin `pin` inside this block, one pin at a time.

    Raises CannotRun if a later try may succeed (pin busy, no permission), LegwatchError if not (no
    pins, unknown board), ModuleNotFoundError, and any other error unchanged.
    """
    handler = signal.getsignal(signal.SIGTERM)
    alone = _OPENING.acquire(timeout=LONGEST_OPENING_S)
    try:
        with redirect_stdout(io.StringIO()):  # without a terminal Blinka asks no question
            yield
    except Exception as error:
        cause = _cause(error, pin)
        if cause is None:
            raise
        raise cause from error
    finally:
        if alone:
            _OPENING.release()
        if signal.getsignal(signal.SIGTERM) is not handler:
            signal.signal(signal.SIGTERM, handler)


def _device(name: str) -> Any:
    import gpiozero  # noqa: PLC0415 - hardware libraries are there only on a Pi

    return getattr(gpiozero, name)


def _choose_lgpio() -> None:
    from gpiozero import Device, PinUnknownPi  # noqa: PLC0415
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415

    try:
        Device.pin_factory = LGPIOFactory()
    except PinUnknownPi as error:
        raise LegwatchError(f"{NO_BOARD} ({error})") from error


def _cause(error: Exception, pin: int) -> Exception | None:
    """Return the exception to raise instead of `error`; None: `error` is clear enough.

    The device file comes first: without it, neither a module nor a permission would help.
    """
    if type(error).__name__ == "GPIOPinInUse":  # of gpiozero: the settings name one pin twice
        return LegwatchError(str(error))
    chips = sorted(DEV.glob("gpiochip*"))
    if not chips:
        return LegwatchError(
            f"{DEV / 'gpiochip0'} is not there: this machine has no GPIO pins; run the agent on "
            'the Raspberry Pi, or write driver = "simulated" here to try legwatch without hardware'
        )
    chain = list(_chain_of(error))
    missing = [e for e in chain if isinstance(e, ModuleNotFoundError)]
    if missing:
        return ModuleNotFoundError(str(missing[-1]), name=missing[-1].name)
    if any(isinstance(e, FileNotFoundError) and ".lgd-nfy" in str(e.filename) for e in chain):
        return LegwatchError(
            "the library lgpio keeps a pipe in the current folder and may not write there; start "
            "the agent in a folder of yours"
        )
    return _maybe_later(chain, chips, pin)


def _maybe_later(chain: list[BaseException], chips: list[Path], pin: int) -> CannotRun | None:
    if any(_is_busy(e) for e in chain):
        return CannotRun(
            f"GPIO {pin} is busy: another program holds it, such as a second agent or a dtoverlay "
            "line in config.txt; the command gpioinfo names it"
        )
    forbidden = _forbidden(chips) if any(_is_refusal(e) for e in chain) else None
    if forbidden is None:
        return None
    return CannotRun(
        f"{forbidden} is there, but this user may not open it: sudo usermod -aG gpio $USER, then "
        "log in again"
    )


def _chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and its causes, the newest first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_busy(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.EBUSY
    return error.args[:1] == ("GPIO busy",)  # lgpio's errors have no errno, only a text


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, PermissionError) or error.args[:1] == ("can not open gpiochip",)


def _forbidden(chips: list[Path]) -> Path | None:
    """Return the first device file that this user may not open; None if all can be opened."""
    for chip in chips:
        try:
            os.close(os.open(chip, os.O_RDWR | os.O_CLOEXEC))
        except PermissionError:
            return chip
        except OSError:
            continue
    return None
