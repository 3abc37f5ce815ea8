"""The campaign on size and slowness: `python -m campaigns.size`, with `--long` all of it.

A real broker, with our limits and without; the real server in the memory of its unit. Each row
sends something too large, too slow or too much. Meanwhile a bed sends its windows, and after it a
cold bed must still make a phone ring.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from campaigns import size_attacks as attacks
from campaigns.memory_limit import MemoryLimit, memory_limit, resident_bytes
from campaigns.size_attacks import Attack, server_of
from campaigns.size_house import UNIT_BYTES, Probe, SizeHouse

MB = 1024 * 1024
SLOWEST_MS = 300.0
FLAT_BYTES = 64 * MB  # more than this after a row is no noise of the allocator
STORE_BYTES = 24 * MB  # what a row may add to the database


@dataclass(frozen=True, slots=True)
class Row:
    """What one row has shown."""

    name: str
    lived: bool
    p99_ms: float
    push_s: float | None
    health: str
    grown_bytes: int
    stored_bytes: int
    failed: str = ""

    @property
    def wrong(self) -> list[str]:
        """Return what is not as it must be."""
        found = [self.failed] if self.failed else []
        if not self.lived:
            found.append("the server was ended")
        if self.p99_ms > SLOWEST_MS:
            found.append(f"p99 over {SLOWEST_MS:g} ms")
        if self.push_s is None:
            found.append("no push")
        if not self.health:
            found.append("no health report")
        if self.grown_bytes > FLAT_BYTES:
            found.append("memory has grown")
        if self.stored_bytes > STORE_BYTES:
            found.append("the database has grown")
        return found


def rows(*, long: bool, limited: bool) -> list[tuple[str, Attack]]:
    """Return the rows, the short ones or all."""
    flood_s = 20.0 if long else 4.0
    short = [
        ("170 MB on window, QoS 1", attacks.huge("window")),
        ("170 MB on status, retained", attacks.huge("status", retain=True)),
        ("30 connections, large headers", attacks.large_headers),
        ("1,024 slow connections", attacks.slow_ones),
        ("unreadable, 1,000/s of 4 kB", attacks.unreadable(1000, flood_s)),
    ]
    more = [
        ("170 MB while the server is away", attacks.huge_while_away),
        *((f"170 MB on {c}", attacks.huge(c)) for c in ("info", "event", "cmd/result")),
        ("170 MB on window, QoS 0", attacks.huge("window", qos=0)),
        ("170 MB on window, retained", attacks.huge("window", retain=True)),
        ("endless and wrong bodies", attacks.endless_body),
        ("wrong values, 1,000/s of 4 kB", attacks.refused_by_value(1000, flood_s)),
        ("newer version, 1,000/s", attacks.newer_version(1000, flood_s)),
        ("QoS 0, 5,000/s of 4 kB", attacks.unsure_flood(5000, flood_s)),
        ("deep JSON", attacks.deep_json),
        ("3,000 names", attacks.many_names(3000, flood_s)),
        ("5,000 retained", attacks.many_retained),
    ]
    return [*short, *more] if long else short if limited else [short[0], more[0]]


def run(folder: Path, group: MemoryLimit | None, *, long: bool, limited: bool) -> list[Row]:
    """Run all rows in one house; a server that was ended is started again."""
    house = SizeHouse(folder, group, limited=limited)
    where = "ours" if limited else "no limits"
    found: list[Row] = []
    with ExitStack() as stack:
        stack.callback(house.close)
        house.broker()
        house.server()
        house.spare = house.publisher()
        probe = Probe(house)
        stack.callback(probe.close)
        time.sleep(1)
        for name, attack in rows(long=long, limited=limited):
            found.append(_row(house, probe, f"{name} ({where})", attack))
            print(line(found[-1]), flush=True)
    return found


def _row(house: SizeHouse, probe: Probe, name: str, attack: Attack) -> Row:
    server, failed = server_of(house), ""
    if server.code is not None:
        server = house.server(ready=False)
        time.sleep(3)
    before, stored = resident_bytes(server.pid), house.store_bytes
    probe.reset()
    client = house.publisher()
    try:
        attack(house, client)
    except (AssertionError, OSError) as error:
        failed = str(error)[:80]
    p99_ms = probe.p99_ms()
    client.disconnect()
    client.loop_stop()
    health = house.health()
    after = server_of(house)
    push_s = house.push_s(house.spare) if after.code is None else None
    lived = after.code is None and resident_bytes(after.pid) > 0
    grown = resident_bytes(after.pid) - before if lived else 0
    said = f"{health.get('status', '')}" + (
        f": {len(health['wrong'])}" if health.get("wrong") else ""
    )
    return Row(name, lived, p99_ms, push_s, said, grown, house.store_bytes - stored, failed)


def line(row: Row) -> str:
    """Return a row of the table."""
    push = "none" if row.push_s is None else f"{row.push_s:.1f} s"
    return (
        f"{row.name:<46}{'lives' if row.lived else 'ended':<7}{row.p99_ms:>9.0f} ms"
        f"{push:>8}{row.health or 'none':>14}{row.grown_bytes / MB:>+8.0f} MB"
        f"{row.stored_bytes / MB:>+8.1f} MB  {'; '.join(row.wrong) or 'good'}"
    )


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.size", description=__doc__)
    parser.add_argument("--long", action="store_true", help="all rows, at both brokers")
    args = parser.parse_args(argv)
    wrong = 0
    for limited in (True, False):
        with ExitStack() as stack:
            try:
                group: MemoryLimit | None = stack.enter_context(
                    memory_limit(UNIT_BYTES, f"size-{limited}")
                )
            except OSError as error:
                print(f"no memory limit on this machine ({error}); the rows run without it")
                group = None
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            found = run(folder, group, long=args.long, limited=limited)
            wrong += sum(bool(row.wrong) for row in found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
