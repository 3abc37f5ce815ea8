"""The frames that an LD2410 radar sends, out of a stream of bytes.

`F4 F3 F2 F1`, the length in two bytes, the data, `F8 F7 F6 F5`. The data are a type (2: basic, 1:
engineering), `AA`, the targets, the energies of the gates if engineering, `55`, and a byte for a
check that is always 0. There is no checksum. So a frame counts only if all of this is right, and
each of its numbers possible (serial protocol of the LD2410, Hi-Link).
"""

import struct
from typing import NamedTuple

HEAD, TAIL = b"\xf4\xf3\xf2\xf1", b"\xf8\xf7\xf6\xf5"
BASIC, ENGINEERING = 2, 1
BASIC_LENGTH, LONGEST = 13, 64  # of the data; 35 or a little more if engineering
AROUND = len(HEAD) + 2 + len(TAIL)
FURTHEST_CM, MOST_ENERGY = 1000, 100
MOVING, STILL = 1, 2  # bits of the state; higher states are of its own calibration
_TARGETS = struct.Struct("<BHBHBH")  # state, moving, its energy, still, its energy, detection


class Targets(NamedTuple):
    """What the radar sees: each target by its distance and its energy, None: no such target."""

    moving_cm: int | None
    moving_energy: int
    still_cm: int | None
    still_energy: int


class Frames:
    """Finds the frames; what lies between them is passed over.

    A torn frame takes no whole one with it: after its head the search goes on at the next byte.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, more: bytes) -> list[Targets]:
        """Take bytes; return the targets of the frames that are complete now."""
        self._bytes += more
        found: list[Targets] = []
        while True:
            start = self._bytes.find(HEAD)
            if start < 0:
                del self._bytes[: -len(HEAD) + 1]  # a head may have begun
                return found
            del self._bytes[:start]
            if len(self._bytes) < len(HEAD) + 2:
                return found
            length = int.from_bytes(self._bytes[4:6], "little")
            if BASIC_LENGTH <= length <= LONGEST:
                whole = AROUND + length
                if len(self._bytes) < whole:
                    return found
                targets = _targets(bytes(self._bytes[:whole]))
                if targets is not None:
                    found.append(targets)
                    del self._bytes[:whole]
                    continue
            del self._bytes[:1]


def _targets(frame: bytes) -> Targets | None:
    """Return what a frame says; None: it is damaged."""
    data = frame[6:-4]
    if HEAD in data:  # no number can look so: another frame begins in this one, which is torn
        return None
    if frame[-4:] != TAIL or data[1] != 0xAA or data[-2:] != b"\x55\x00":
        return None
    if data[0] not in (BASIC, ENGINEERING) or (data[0] == BASIC) != (len(data) == BASIC_LENGTH):
        return None
    state, moving_cm, moving, still_cm, still, _ = _TARGETS.unpack_from(data, 2)
    if state > MOVING | STILL or max(moving, still) > MOST_ENERGY:
        return None
    if max(moving_cm, still_cm) > FURTHEST_CM:
        return None
    return Targets(
        moving_cm if state & MOVING else None,
        moving,
        still_cm if state & STILL else None,
        still,
    )
