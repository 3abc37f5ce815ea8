"""Run as a program: opens a driver's pin by its real libraries, as on a Pi, and prints how it ends.

The libraries know a Pi by /proc and /dev, which only root can replace; no setting stands in for
the revision code (gpiozero, Blinka) or the list of device files (Blinka). So these three answers
are given here, and nothing else is: no file is made, and what they open is the machine's own.

The library of a DHT22 is in a child process, so this program is that child, too: it then writes
where the library stood into the file that LAST names.
"""

import importlib.metadata
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from legwatch.errors import LegwatchError
from legwatch_device.drivers import dht22, dht22_child, open_driver

CHIP = Path("/dev/gpiochip97")  # there on no machine
DRIVERS: dict[str, tuple[str, str]] = {
    "dht22": ("thermometers", "pin"),
    "gpio_motion": ("motion", "pin"),
    "gpio_button": ("buttons", "pin"),
    "gpio": ("signals", "lamp_pin"),
}


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Open `driver` on `pin`, on a Pi of `revision`, `without` modules, with old `versions`."""
    _pretend(asked)
    group, key = DRIVERS[asked["driver"]]
    with TemporaryDirectory() as folder:
        last = Path(folder) / "last.json"
        os.environ |= {"ASKED": json.dumps(asked), "LAST": str(last)}
        dht22.PROGRAM = Path(__file__)
        try:
            open_driver(f"legwatch.{group}", asked["driver"], "here", {key: asked.get("pin", 4)})
        except LegwatchError as error:
            there = json.loads(last.read_text()) if last.exists() else _last(error)
            told = {"said": str(error), "kind": type(error).__name__, **there}
        else:
            told = {"said": "opened"}
    return {**told, "sigterm": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL}


def child(agent: int, pin: int) -> None:
    """Be the process that reads a DHT22, on the same Pi."""
    _pretend(json.loads(os.environ["ASKED"]))
    told = dht22_child.told

    def noted(error: BaseException) -> Iterator[dict[str, Any]]:
        Path(os.environ["LAST"]).write_text(json.dumps(_last(error)))
        return told(error)

    dht22_child.told = noted  # type: ignore[assignment]
    dht22_child.main(agent, pin, pulseio=False)


def _pretend(asked: dict[str, Any]) -> None:
    for name in asked.get("without", ()):
        sys.modules[name] = None  # type: ignore[assignment]  # Python's word for "not there"
    _pretend_versions(asked.get("versions", {}))
    _list_a_chip()
    if asked.get("revision"):
        _become(asked["revision"])


def _become(revision: str) -> None:
    local: Any = importlib.import_module("gpiozero.pins.local")
    local.get_pi_revision = lambda: int(revision, 16)
    board: Any = importlib.import_module("adafruit_platformdetect.board")
    board.Board._pi_rev_code = lambda _board: revision


def _pretend_versions(versions: dict[str, str]) -> None:
    version = importlib.metadata.version
    importlib.metadata.version = lambda distribution_name: (
        versions.get(distribution_name) or version(distribution_name)
    )


def _list_a_chip() -> None:
    glob = Path.glob

    def listed(folder: Path, pattern: str) -> Iterator[Path]:
        ours = (folder, pattern) == (Path("/dev"), "gpiochip*")
        return iter([CHIP]) if ours else glob(folder, pattern)

    Path.glob = listed  # type: ignore[method-assign,assignment]


def _last(error: BaseException) -> dict[str, Any]:
    """Tell the first of the errors, and where the library stood: file and its own arguments."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    known = [v for f in frames for k, v in f.f_locals.items() if k in {"path", "gpiochip"}]
    return {
        "error": type(error).__name__,
        "text": str(error),
        "files": [Path(frame.f_code.co_filename).name for frame in frames],
        "opened": str(known[-1]) if known else "",
    }


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(int(sys.argv[1]), int(sys.argv[2]))
    else:
        print(json.dumps(main(json.loads(sys.argv[1]))))
