"""Opens GPIO pins, and says in one sentence what stands in the way.

The libraries name a module or print warnings where the cause is a device file. And Blinka prints,
asks on a terminal whether it may install more, and takes SIGTERM for itself; the agent wants none
of it.
"""

import errno
import io
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, LegwatchError

DEV = Path("/dev")
NO_BOARD = "this machine is no board whose GPIO pins the driver's library knows"


def gpio(device: str, pin: int, **how: Any) -> Any:
    """Return gpiozero's `device` on the BCM pin `pin`; raises as `opening` does.

    The pins are lgpio's, which fits every Pi. gpiozero's own choice would try four libraries in
    turn and hide why the first failed. What GPIOZERO_PIN_FACTORY names may be pins of elsewhere, so
    its errors come as they are.
    """
    if "GPIOZERO_PIN_FACTORY" in os.environ:
        return _device(device)(pin, **how)
    with opening(pin):
        kind = _device(device)
        if kind.pin_factory is None:
            _choose_lgpio()
        return kind(pin, **how)


@contextmanager
def opening(pin: int) -> Iterator[None]:
    """Open the BCM pin `pin` within this block, from the main thread.

    Raises CannotRun for what may pass (busy, not permitted), LegwatchError for what will not (no
    pins, an unknown board), ModuleNotFoundError, and anything else as it comes.
    """
    ended_by = signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(io.StringIO()):  # without a terminal Blinka asks no question
            yield
    except Exception as error:
        cause = _cause(error, pin)
        if cause is None:
            raise
        raise cause from error
    finally:
        if signal.getsignal(signal.SIGTERM) is not ended_by:
            signal.signal(signal.SIGTERM, ended_by)


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
    """Return what to raise instead of `error`; None when it says itself what is wrong.

    Without a device file no module and no permission would help, so that comes first.
    """
    if type(error).__name__ == "GPIOPinInUse":  # gpiozero's: the settings name one pin twice
        return None
    chips = sorted(DEV.glob("gpiochip*"))
    if not chips:
        return LegwatchError(
            f"{DEV / 'gpiochip0'} is not there: this machine has no GPIO pins; run the agent on "
            "the Raspberry Pi, or take this section out to try legwatch without hardware"
        )
    behind = list(_behind(error))
    missing = [e for e in behind if isinstance(e, ModuleNotFoundError)]
    if missing:
        return ModuleNotFoundError(str(missing[-1]), name=missing[-1].name)
    if any(isinstance(e, FileNotFoundError) and ".lgd-nfy" in str(e.filename) for e in behind):
        return LegwatchError(
            "the library lgpio keeps a pipe in the current folder and may not write there; start "
            "the agent in a folder of yours"
        )
    return _passing(behind, chips, pin)


def _passing(behind: list[BaseException], chips: list[Path], pin: int) -> CannotRun | None:
    if any(_is_busy(e) for e in behind):
        return CannotRun(
            f"GPIO {pin} is busy: another program holds it, such as a second agent or a dtoverlay "
            "line in config.txt; the command gpioinfo names it"
        )
    shut = _shut(chips) if any(_is_refusal(e) for e in behind) else None
    if shut is None:
        return None
    return CannotRun(
        f"{shut} is there, but this user may not open it: sudo usermod -aG gpio $USER, then log in "
        "again"
    )


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_busy(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.EBUSY
    return error.args[:1] == ("GPIO busy",)  # lgpio has no numbers, only words


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, PermissionError) or error.args[:1] == ("can not open gpiochip",)


def _shut(chips: list[Path]) -> Path | None:
    """Return the first device file that this user may not open."""
    for chip in chips:
        try:
            os.close(os.open(chip, os.O_RDWR | os.O_CLOEXEC))
        except PermissionError:
            return chip
        except OSError:
            continue
    return None
