"""What an LD2410 sends, by its serial protocol, and a port that it sends to."""

import struct
from collections.abc import Callable
from typing import Any

# A still target, byte by byte.
STILL = bytes.fromhex("F4F3F2F1 0D00 02AA 02 5100 00 0000 3B 0000 5500 F8F7F6F5")
GATES = bytes([3, 20, 10, 5, 0, 0, 0, 0, 0, 12, 40, 30, 9, 0, 0, 0, 0, 0])


def frame(
    moving_cm: int | None = None,
    still_cm: int | None = None,
    *,
    moving_energy: int = 80,
    still_energy: int = 60,
    engineering: bool = False,
) -> bytes:
    """Return one frame."""
    state = (moving_cm is not None) + 2 * (still_cm is not None)
    targets = struct.pack(
        "<BHBHBH",
        state,
        moving_cm or 0,
        moving_energy if moving_cm is not None else 0,
        still_cm or 0,
        still_energy if still_cm is not None else 0,
        moving_cm or still_cm or 0,
    )
    more = bytes([8, 8]) + GATES + bytes([120, 1]) if engineering else b""
    data = bytes([1 if engineering else 2, 0xAA]) + targets + more + b"\x55\x00"
    return b"\xf4\xf3\xf2\xf1" + struct.pack("<H", len(data)) + data + b"\xf8\xf7\xf6\xf5"


class Sender:
    """Sends to a port that a test reads in the same thread."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.energy = 60

    def sends(self, moving_cm: int | None, still_cm: int | None) -> None:
        self.energy = 60 + (self.energy + 1) % 20
        self.bytes += frame(moving_cm, still_cm, still_energy=self.energy)

    def port(self, broken: Callable[[], Callable[[], object] | None]) -> Any:
        sender = self
        if (does := broken()) is not None:
            does()

        class Port:
            @property
            def in_waiting(self) -> int:
                return len(sender.bytes)

            def read(self, size: int) -> object:
                if (does := broken()) is not None:
                    sender.bytes.clear()
                    return does()
                found = bytes(sender.bytes[:size])
                del sender.bytes[:size]
                return found

            def close(self) -> None: ...

        return Port()
