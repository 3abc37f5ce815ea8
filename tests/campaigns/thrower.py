"""Run `legwatch ARGS` in this process, and throw exceptions into its threads and callbacks.

`thrower.py SOCKET ARGS` listens on a socket: one line of JSON is one order, and one is its answer.
It finds threads and callbacks by listing what is there, and knows none by name.
"""

import ctypes
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from paho.mqtt.client import Client

from legwatch.__main__ import main

ERRORS: dict[str, type[BaseException]] = {
    error.__name__: error for error in (RuntimeError, MemoryError, SystemExit, RecursionError)
}
OWN, FINGER = "thrower", "finger"
HELD_S = 3.2  # a cramp is a press of 3 s
Place = tuple[object, str]  # an object that holds a callback, and the name of its attribute


def threads() -> dict[str, int]:
    return {
        thread.name: thread.ident
        for thread in threading.enumerate()
        if thread.ident is not None and thread.name not in {OWN, FINGER}
    }


def throw(name: str, error: str) -> bool:
    """Raise an error in a thread, as soon as it runs Python."""
    ident = ctypes.c_ulong(threads()[name])
    kind = ctypes.py_object(ERRORS[error])
    return bool(ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, kind) == 1)


def callbacks() -> dict[str, list[Place]]:
    """Return every callback that a library holds, by the object's type and the attribute."""
    found: dict[str, list[Place]] = {}
    for holder in holders():
        kind = holder if isinstance(holder, type) else type(holder)
        for name in dir(holder):
            if not name.startswith(("on_", "when_", "do_")):
                continue
            if callable(getattr(holder, name, None)) and _is_ours(getattr(holder, name)):
                found.setdefault(f"{kind.__name__}.{name}", []).append((holder, name))
    return found


def holders() -> Iterator[object]:
    """Yield the clients, devices and request handlers of libraries that call us back."""
    for thing in gc.get_objects():
        kind = type(thing)
        bases = {base.__module__.split(".")[0] for base in kind.__mro__ if kind is not type}
        if bases & {"paho", "gpiozero"} and hasattr(thing, "__dict__"):
            yield thing
        if isinstance(thing, type) and issubclass(thing, BaseHTTPRequestHandler):
            yield thing


def _is_ours(callback: Any) -> bool:
    inner = getattr(callback, "__wrapped__", callback)
    return str(getattr(inner, "__module__", "")).startswith("legwatch")


def arm(name: str, error: str) -> bool:
    """Let a callback raise an error the next time that it is called, and work after that."""
    whole = []
    for holder, attribute in callbacks()[name]:
        callback = getattr(holder, attribute)
        whole.append((holder, attribute, callback))
        owner = getattr(callback, "__self__", None)
        if owner is not None:  # the next client gets its callbacks from there
            whole.append((owner, callback.__name__, callback))
        name = getattr(callback, "__name__", "")
        module = sys.modules.get(getattr(callback, "__module__", ""))
        if getattr(module, name, None) is callback:
            whole.append((module, name, callback))

    def failing(*_: Any, **_named: Any) -> Any:
        for place in whole:
            setattr(*place)
        raise ERRORS[error]

    for holder, attribute, _ in whole:
        setattr(holder, attribute, failing)
    return True


def cut() -> bool:
    """Break every connection to a broker; clients of the past may still be there, without one."""
    for client in clients():
        line: Any = client.socket()
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
    return True


def connected() -> bool:
    return any(client.is_connected() and client.socket() is not None for client in clients())


def clients() -> list[Client]:
    return [thing for thing in gc.get_objects() if isinstance(thing, Client)]


def press() -> bool:
    """Press and release every pretended pin, in a thread as the library of a Pi has it."""
    from gpiozero import Device  # noqa: PLC0415 - only an agent with a button has it

    def drive() -> None:
        for pin in Device.pin_factory.pins.values():
            pin.drive_high()
            pin.drive_low()
        time.sleep(HELD_S)
        for pin in Device.pin_factory.pins.values():
            pin.drive_high()

    threading.Thread(target=drive, name=FINGER, daemon=True).start()
    return True


ORDERS: dict[str, Callable[..., Any]] = {
    "threads": lambda: sorted(threads()),
    "callbacks": lambda: sorted(callbacks()),
    "throw": throw,
    "arm": arm,
    "cut": cut,
    "connected": connected,
    "press": press,
}


def obey(listener: socket.socket) -> None:
    while True:
        line, _ = listener.accept()
        with line, line.makefile("rw") as words:
            for order in words:
                name, *rest = json.loads(order)
                try:
                    answer = ORDERS[name](*rest)
                except Exception as error:
                    answer = repr(error)
                words.write(json.dumps(answer) + "\n")
                words.flush()


def pretend_pins() -> None:
    """Let gpiozero have pins without a Pi, where the settings ask for it."""
    if os.environ.get("GPIOZERO_PIN_FACTORY") == "mock":
        from gpiozero import Device  # noqa: PLC0415
        from gpiozero.pins.mock import MockFactory  # noqa: PLC0415

        Device.pin_factory = MockFactory()


if __name__ == "__main__":
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    pretend_pins()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    threading.Thread(target=obey, args=(listener,), name=OWN, daemon=True).start()
    sys.exit(main(sys.argv[2:]))
