"""Run as a program: reads a DHT22 on the pin given, once for each line of its input.

It imports nothing of legwatch, and so needs little memory. Each answer is one line of JSON: the
values, or `failed` (the library's own words), or `errors` (a chain, the newest first).
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(agent: int, pin: int, *, pulseio: bool) -> None:
    """Open the sensor and answer until the input ends; the kernel ends this with the agent.

    More exactly, with the thread that started it: that of the sensor, which lasts as long. The
    signal is SIGTERM: at that pulseio ends the program that it has started.
    """
    with suppress(OSError, AttributeError):  # only Linux has prctl
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != agent:  # it ended before the prctl call
        return
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the libraries print is no answer
    try:
        read = opened(pin, pulseio=pulseio)
    except BaseException as error:  # noqa: BLE001 - the agent tells it
        answers.write(json.dumps({"errors": list(told(error))}) + "\n")
        return
    answers.write("{}\n")
    while sys.stdin.readline():
        answers.write(json.dumps(answer(read), default=str) + "\n")


def opened(pin: int, *, pulseio: bool) -> Callable[[], dict[str, Any]]:
    """Return what reads the sensor. Raises what the libraries raise, LookupError for no such pin.

    The library opens the pin only for each reading. Try now, at the start, while somebody can see
    the error; in the night it would be only one more `read_error`.
    """
    import adafruit_dht  # noqa: PLC0415 - told like any other error
    import board  # noqa: PLC0415

    place = getattr(board, f"D{pin}", None)
    if place is None:
        raise LookupError(f"{board.board_id} has no D{pin}")
    adafruit_dht.DigitalInOut(place).deinit()
    return lambda: measured(adafruit_dht, place, pulseio=pulseio)


def measured(library: Any, place: Any, *, pulseio: bool) -> dict[str, Any]:
    """Return one measurement. A new object of the library has no old values that it could give."""
    sensor = library.DHT22(place, use_pulseio=pulseio)
    try:
        return {"celsius": sensor.temperature, "humidity_pct": sensor.humidity}
    finally:
        sensor.exit()


def answer(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the answer to one question, whatever the library raises."""
    try:
        return read()
    except (RuntimeError, OSError) as error:
        return {"failed": str(error)}
    except BaseException as error:  # noqa: BLE001 - SystemExit, too, is no end of the sensor
        return {"errors": list(told(error))}


def told(error: BaseException | None) -> Iterator[dict[str, Any]]:
    """Yield the error and its causes, the newest first."""
    while error is not None:
        yield {
            "type": type(error).__name__,
            "text": str(getattr(error, "strerror", None) or error),
            "name": getattr(error, "name", None),
            "errno": getattr(error, "errno", None),
            "filename": str(getattr(error, "filename", None) or ""),
        }
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the agent is gone
        main(int(sys.argv[1]), int(sys.argv[2]), pulseio=sys.argv[3:] == ["pulseio"])
