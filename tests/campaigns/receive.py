"""The campaign on received bytes: `python -m campaigns.receive`, with `--long` 20 million of them.

Noise of several kinds goes, in MQTT 5 and in MQTT 3.1.1, through the splitter of the server's
connection: once in one block, once in blocks of any size. Both ways must give the same packets and
the same end. Nothing but the error that ends the connection may be raised, and what is kept in
memory has a bound. Then the same noise goes into the whole connection, which must go on or end, and
be well after that.
"""

import argparse
import logging
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from campaigns.table import show
from legwatch_server.ingest.bulk_client import BLOCK_BYTES
from legwatch_server.ingest.packets import KEPT_BYTES, ProtocolError, Splitter
from server.ingest.mqtt_bytes import PINGRESP, connack, publish, sized, suback
from server.ingest.wire import Wire

SEED = 26
LONG_BYTES, SHORT_BYTES = 20_000_000, 3_000_000
# What is kept and one block, each twice while they are joined, and what came out of them.
BOUND_BYTES = 2 * (KEPT_BYTES + BLOCK_BYTES) + 64 * 1024
MOST_BYTES = 300_000  # of one stream
WIRE_SHARE = 0.2  # of the bytes also go through the whole connection
Noise = Callable[[random.Random, bool], bytes]  # the second: in MQTT 5


def rubbish(chance: random.Random, _newer: bool) -> bytes:
    """Return bytes without any sense."""
    return chance.randbytes(chance.choice((1, 10, 1000, 50_000)))


def packets(chance: random.Random, newer: bool) -> bytes:
    """Return packets as a broker sends them, some of them long."""
    said, stream = partial(publish, b"legwatch/v1/b/window", newer=newer), bytearray()
    for _ in range(chance.randrange(1, 60)):
        size = chance.choice((0, 1, 120, 200, 300, 4096, 4098, 17_000))
        stream += chance.choice(
            (
                said(bytes(size), chance.randrange(65_536)),
                publish(chance.randbytes(1 + chance.randrange(40)), b"{}", newer=newer),
                said(b"{}", 9, properties=chance.randbytes(size)) if newer else b"",
                connack(newer=newer),
                suback(newer=newer),
                PINGRESP,
            )
        )
    return bytes(stream)


def changed(chance: random.Random, newer: bool) -> bytes:
    """Return packets in which some bytes are others."""
    stream = bytearray(packets(chance, newer))
    for _ in range(chance.choice((1, 8, 64))):
        stream[chance.randrange(len(stream))] = chance.randrange(256)
    return bytes(stream)


def holed(chance: random.Random, newer: bool) -> bytes:
    """Return packets of which a part is missing, as if bytes were lost."""
    stream = packets(chance, newer)
    begin, end = sorted((chance.randrange(len(stream)), chance.randrange(len(stream))))
    return stream[:begin] + stream[end:]


def heads(chance: random.Random, newer: bool) -> bytes:
    """Return packets that have a head of any kind and promise any length."""
    stream = bytearray()
    for _ in range(chance.randrange(1, 200)):
        kind = chance.choice((0x30, 0x32, 0x3A, 0x20, 0x40, 0x90, 0xE0, chance.randrange(256)))
        stream += sized(kind, chance.randbytes(chance.randrange(40)))
    return bytes(stream) + bytes([0x32]) + chance.randbytes(4) + chance.randbytes(2000)


def huge(chance: random.Random, newer: bool) -> bytes:
    """Return a message that is longer than anybody reads, between two others."""
    size = chance.choice((65_536, 73_000, 74_000, 200_000))
    long = chance.randbytes(size)
    return b"".join(
        (
            publish(b"a/b", b"1", 1, newer=newer),
            publish(b"a/b", long, 2, newer=newer),
            publish(b"a/b", b"{}", 3, newer=newer, properties=long),
            publish(b"a/b", b"4", 4, newer=newer),
        )
    )


NOISE: dict[str, Noise] = {
    noise.__name__: noise for noise in (rubbish, packets, changed, holed, heads, huge)
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one kind of noise."""

    name: str
    streams: int
    size_bytes: int
    ended: int
    found: int
    peak_bytes: int
    faults: tuple[str, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """What does not hold."""
        full = self.peak_bytes > BOUND_BYTES
        return (*self.faults[:5], *(["more memory than the bound"] if full else []))

    def __str__(self) -> str:
        line = f"{self.name:>8} {self.streams:>8} {self.size_bytes:>11,} {self.ended:>8}"
        return f"{line} {self.found:>9,} {self.peak_bytes:>9,}  {'; '.join(self.wrong) or 'good'}"


def blocks(stream: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield a stream in blocks as a socket may bring it."""
    largest, at = chance.choice((1, 7, 300, 5000, BLOCK_BYTES)), 0
    if len(stream) > 100 * largest:
        largest = BLOCK_BYTES
    while at < len(stream):
        size = chance.randint(1, largest)
        yield stream[at : at + size]
        at += size


def read(parts: Iterator[bytes], peaks: list[int], newer: bool) -> tuple[int, int, str]:
    """Return what came out: how many packets, a sum of them, and the error that ended it."""
    splitter, count, total = Splitter(newer=newer), 0, 0
    try:
        for block in parts:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            for piece in splitter.split(block):
                for one in piece if isinstance(piece, list) else (piece,):
                    count, total = count + 1, hash((total, one))
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    except ProtocolError as error:
        return count, total, str(error)
    return count, total, ""


def whole(stream: bytes, newer: bool) -> tuple[int, int, str]:
    """Return the same of a stream that comes in one block."""
    return read(iter([stream]), [], newer)


def through_the_wire(wire: Wire, stream: bytes) -> str:
    """Return what is wrong after these bytes; empty: the connection goes on or begins again."""
    wire.connect()
    try:
        wire.say(stream)
    except Exception as error:  # this is what the campaign looks for
        return f"the connection raised {type(error).__name__}: {error}"
    wire.got.clear()
    wire.connect()
    wire.say(wire.window(7))
    return "" if wire.seqs() == [7] else "the next connection is not well"


def throw(name: str, noise: Noise, most_bytes: int) -> Row:
    """Throw one kind of noise until so many bytes are through."""
    chance, wire = random.Random(f"{SEED} {name}"), Wire()
    streams = size = ended = found = 0
    faults: list[str] = []
    peaks: list[int] = [0]
    while size < most_bytes:
        wire.newer = newer = chance.random() < 0.5
        stream = noise(chance, newer)[:MOST_BYTES]
        streams, size = streams + 1, size + len(stream)
        try:
            one, other = whole(stream, newer), read(blocks(stream, chance), peaks, newer)
        except Exception as error:  # this is what the campaign looks for
            faults.append(f"{type(error).__name__}: {error} in stream {streams}")
            continue
        ended, found, peaks = ended + bool(one[2]), found + one[0], [max(peaks)]
        if one != other:
            faults.append(f"stream {streams} in blocks gives other packets")
        if chance.random() < WIRE_SHARE:
            fault = through_the_wire(wire, stream)
            faults += [f"{fault}, in stream {streams}"] if fault else []
    wire.close()
    return Row(name, streams, size, ended, found, max(peaks), tuple(faults))


def campaign(*, long: bool) -> Iterator[Row]:
    """Yield a row for each kind of noise."""
    each = (LONG_BYTES if long else SHORT_BYTES) // len(NOISE) + 1
    tracemalloc.start()
    try:
        for name, noise in NOISE.items():
            yield throw(name, noise, each)
    finally:
        tracemalloc.stop()


def main() -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true", help="20 million bytes")
    logging.disable()  # what the connection says of each end
    head = "   noise  streams       bytes    ended   packets  kept max"
    return show(head, campaign(long=parser.parse_args().long))


if __name__ == "__main__":
    sys.exit(main())
