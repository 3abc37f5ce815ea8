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
from typing import NamedTuple

from campaigns import size_attacks as attacks
from campaigns import size_variants as variants
from campaigns.memory_limit import MemoryLimit, memory_limit, resident_bytes
from campaigns.probe import Probe
from campaigns.size_attacks import Attack, server_of
from campaigns.size_house import UNIT_BYTES, SizeHouse

MB = 1024 * 1024
SLOWEST_MS = 300.0
SLOWEST_HUGE_MS = 600.0  # at a broker without limits: it is busy with 170 MB for 240 ms by itself
FLAT_BYTES = 64 * MB  # more than this after a row is no noise of the allocator
STORE_BYTES = 24 * MB  # what a row may add to the database


class Trial(NamedTuple):
    """What one row sends. `away`: the server is kept from its work, so others wait meanwhile."""

    name: str
    attack: Attack
    huge: bool = False
    away: bool = False


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
    slowest_ms: float = SLOWEST_MS

    @property
    def wrong(self) -> list[str]:
        """Return what is not as it must be."""
        found = [self.failed] if self.failed else []
        if not self.lived:
            found.append("the server was ended")
        if self.p99_ms > self.slowest_ms:
            found.append(f"p99 over {self.slowest_ms:g} ms")
        if self.push_s is None:
            found.append("no push")
        if not self.health:
            found.append("no health report")
        if self.grown_bytes > FLAT_BYTES:
            found.append("memory has grown")
        if self.stored_bytes > STORE_BYTES:
            found.append("the database has grown")
        return found


def trials(*, long: bool, limited: bool) -> list[Trial]:
    """Return the rows, short or all; what asks the web server does not need two brokers."""
    flood_s = 8.0 if long else 4.0
    huge = Trial("170 MB on window, QoS 1", attacks.huge("window"), huge=True)
    away = Trial("170 MB while the server is away", attacks.huge_while_away, huge=True, away=True)
    flood = Trial("unreadable, 1,000/s of 4 kB", attacks.unreadable(1000, flood_s))
    web = [
        Trial("30 connections, large headers", attacks.large_headers),
        Trial("1,024 slow connections", attacks.slow_ones),
    ]
    if not long:
        return [huge, *web, flood] if limited else [huge, away]
    more = [
        Trial("170 MB on status, retained", attacks.huge("status", retain=True), huge=True),
        *(
            Trial(f"170 MB on {channel}", attacks.huge(channel), huge=True)
            for channel in ("info", "event", "cmd/result")
        ),
        Trial("170 MB on window, QoS 0", attacks.huge("window", qos=0), huge=True),
        Trial("170 MB on window, retained", attacks.huge("window", retain=True), huge=True),
        Trial("170 MB for the agent", attacks.huge_for_the_agent, huge=True),
        Trial("1,000/s for the agent", variants.floods_for_the_agent(1000, flood_s)),
        Trial("wrong values, 1,000/s of 4 kB", attacks.refused_by_value(1000, flood_s)),
        Trial("newer version, 1,000/s", attacks.newer_version(1000, flood_s)),
        Trial("QoS 0, 5,000/s of 4 kB", attacks.unsure_flood(5000, flood_s)),
        Trial("store locked, 5,000/s of 4 kB", attacks.locked_store(5000, 8.0), away=True),
        Trial("deep JSON", attacks.deep_json),
        # From here on strangers have as many beds as there may be.
        Trial("3,000 names", attacks.many_names(3000, flood_s)),
        Trial("5,000 retained", attacks.many_retained, away=True),
        Trial("1,100 half-open at the broker", variants.half_open_at_the_broker),
        Trial("topics of 60 kB", variants.long_topics),
        *(
            Trial(f"{channel}, 1,000/s, all good", variants.valid(channel, 1000, flood_s))
            for channel in ("status", "info", "event")
        ),
        Trial("280 sensors, 200/s", variants.many_sensors(200, flood_s)),
    ]
    web += [
        Trial("endless and wrong bodies", attacks.endless_body),
        Trial("odd requests", variants.odd_requests),
        Trial("answers that nobody reads", variants.slow_readers),
        Trial("450 half-open connections", variants.half_open),
    ]
    return [huge, flood, away, *more, *(web if limited else ())]


def run(folder: Path, group: MemoryLimit | None, *, long: bool, limited: bool) -> list[Row]:
    """Run all rows in one house; a server that was ended is started again."""
    house = SizeHouse(folder, group, limited=limited)
    found: list[Row] = []
    with ExitStack() as stack:
        stack.callback(house.close)
        house.broker()
        house.server()
        house.spare = house.publisher()
        probe = Probe(house.port)
        stack.callback(probe.close)
        time.sleep(1)
        for trial in trials(long=long, limited=limited):
            found.append(_row(house, probe, trial, limited=limited))
            print(line(found[-1]), flush=True)
    return found


def _row(house: SizeHouse, probe: Probe, trial: Trial, *, limited: bool) -> Row:
    server = server_of(house)
    if server.code is not None:
        server = house.server(ready=False)
        time.sleep(3)
    before, stored = resident_bytes(server.pid), house.store_bytes
    probe.reset()
    failed = _failure(house, probe, trial)
    p99_ms = probe.p99_ms()
    health = house.health()
    after = server_of(house)
    push_s = house.push_s(house.spare) if after.code is None else None
    now = resident_bytes(after.pid) if after.code is None else 0
    number = len(health.get("wrong", ()))
    return Row(
        name=f"{trial.name} ({'ours' if limited else 'no limits'})",
        lived=now > 0,
        p99_ms=p99_ms,
        push_s=push_s,
        health=f"{health.get('status', '')}{f': {number}' if number else ''}",
        grown_bytes=now - before if now else 0,
        stored_bytes=house.store_bytes - stored,
        failed=failed,
        slowest_ms=SLOWEST_HUGE_MS if trial.huge and not limited else SLOWEST_MS,
    )


def _failure(house: SizeHouse, probe: Probe, trial: Trial) -> str:
    """Send what the row sends; return what the row itself has found wrong."""
    client = house.publisher()
    try:
        trial.attack(house, client)
        if trial.away:
            time.sleep(1)
            probe.reset()
            time.sleep(2)
    except (AssertionError, OSError) as error:
        return str(error)[:80]
    finally:
        client.disconnect()
        client.loop_stop()
    return ""


def line(row: Row) -> str:
    """Return a row of the table."""
    push = "none" if row.push_s is None else f"{row.push_s:.1f} s"
    return (
        f"{row.name:<46}{'lives' if row.lived else 'ended':<7}{row.p99_ms:>9.0f} ms"
        f"{push:>8}{row.health or 'none':>14}{row.grown_bytes / MB:>+8.0f} MB"
        f"{row.stored_bytes / MB:>+8.1f} MB  {'; '.join(row.wrong) or 'good'}"
    )


def campaign(*, long: bool) -> list[Row]:
    """Run it at both brokers; raises OSError where the machine allows no limit on memory."""
    found: list[Row] = []
    for limited in (True, False):
        with (
            memory_limit(UNIT_BYTES, f"size-{limited:d}") as group,
            tempfile.TemporaryDirectory() as folder,
        ):
            found += run(Path(folder), group, long=long, limited=limited)
    return found


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.size", description=__doc__)
    parser.add_argument("--long", action="store_true", help="all rows, at both brokers")
    args = parser.parse_args(argv)
    try:
        found = campaign(long=args.long)
    except OSError as error:
        print(f"the machine allows no limit on memory: {error}; run it as root")
        return 1
    return 1 if any(row.wrong for row in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
