"""An LD2410 radar at its serial port, read by one thread for all drivers that ask it.

What is wrong with it is seen here:

- `silent`: no byte for 3 s. It has no power, or its wire to RX is off.
- `no_frames`: bytes, and no whole frame for 3 s. The baud rate is wrong, the line is noisy, or
  another device sends.
- `frozen`: it has repeated one target to the last number for an hour.
- `port_error`: the port fails, such as a USB adapter that is pulled out. It is opened again.
- `hangs`: the port has not come back for 3 s.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar

from legwatch.errors import CannotRun
from legwatch_device.drivers import ReadFault
from legwatch_device.drivers.ld2410_frames import Frames, Targets
from legwatch_runtime.clock import Instant, instant

HANGS_S, SILENT_S, FROZEN_S = 3.0, 3.0, 3600.0
LONGEST_READ = 4096  # bytes: what has piled up during a pause is old, and cheap to pass over
AGAIN_S = 2.0  # between two tries to open the port again

T = TypeVar("T")
Hear = Callable[[Targets, Instant], None]


class Port(Protocol):
    """What is used of pyserial's port; `read` returns after 0.2 s at the latest."""

    @property
    def in_waiting(self) -> int:
        """Return how many bytes are there."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; empty: none came."""

    def close(self) -> None:
        """Close the port."""


class Radar:
    """One radar; drivers hear its frames and ask what they mean."""

    def __init__(self, open_port: Callable[[], Port], now: Callable[[], Instant] = instant) -> None:
        self._open_port, self._now = open_port, now
        self._port: Port | None = open_port()
        self._frames, self._lock = Frames(), threading.Lock()
        self._hear: list[Hear] = []
        self._error: BaseException | None = None
        self._where: TracebackType | None = None
        self._last: Targets | None = None
        self._turned = self._byte_at = self._frame_at = self._changed = now()

    def hear(self, hear: Hear) -> None:
        """Call `hear` with each frame and its moment."""
        with self._lock:
            self._hear.append(hear)

    def ask(self, answer: Callable[[Instant], T]) -> T:
        """Return an answer of this moment; raises the fault of the radar."""
        with self._lock:
            at = self._now()
            try:
                found = answer(at)  # with a fault, too: what was before is not told after it
            finally:
                self._raise_fault(at)
            return found

    def turn(self) -> float:
        """Take what has come, and keep what it raises; return the seconds until the next time."""
        error: BaseException | None = None
        got = b""
        try:
            if self._port is None:
                self._port, self._frames = self._open_port(), Frames()
            got = _read(self._port)
        except BaseException as raised:  # noqa: BLE001 - the next question raises it
            error = raised
        at = self._now()
        with self._lock:
            if error is not None or at.since(self._turned) > HANGS_S:
                got, self._frames = b"", Frames()  # what has piled up meanwhile is old
                self._byte_at = self._frame_at = self._changed = at  # nor has silence lasted
            self._turned, self._error = at, error
            self._where = None if error is None else error.__traceback__
            if got:
                self._take(got, at)
        if error is not None:
            self._close()
        return AGAIN_S if error is not None else 0.0

    def _take(self, got: bytes, at: Instant) -> None:
        self._byte_at = at
        for targets in self._frames.feed(got):
            self._frame_at = at
            if targets != self._last or (targets.moving_cm is None and targets.still_cm is None):
                self._last, self._changed = targets, at
            for hear in self._hear:
                hear(targets, at)

    def _close(self) -> None:
        port, self._port = self._port, None
        try:
            if port is not None:
                port.close()
        except Exception:  # noqa: BLE001, S110 - it has failed before, and is told for that
            pass

    def _raise_fault(self, at: Instant) -> None:
        if at.since(self._turned) > HANGS_S + (AGAIN_S if self._error is not None else 0.0):
            raise ReadFault("hangs")
        if isinstance(self._error, OSError | CannotRun):
            raise ReadFault("port_error") from self._error
        if self._error is not None:
            raise self._error.with_traceback(self._where)  # or it would grow with each question
        if at.since(self._byte_at) > SILENT_S:
            raise ReadFault("silent")
        if at.since(self._frame_at) > SILENT_S:
            raise ReadFault("no_frames")
        if at.since(self._changed) > FROZEN_S:
            raise ReadFault("frozen")


def _read(port: Port) -> bytes:
    """Return what has come, within 0.2 s."""
    got: Any = port.read(min(max(1, port.in_waiting), LONGEST_READ))
    if not isinstance(got, bytes | bytearray):
        raise ReadFault("no_bytes")
    return bytes(got)
