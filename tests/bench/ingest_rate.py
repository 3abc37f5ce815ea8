"""Measure programs that take windows from a broker, side by side.

    .venv/bin/python tests/bench/ingest_rate.py [--windows 60000] [--beds 100 10000] [--pushes 200]

A bare paho subscriber that does nothing, a consumer tuned by hand (paho and SQLite, the same
columns, no engine), and the real server empty the queue of a broker, in turns. Then the server and
the other consumer decide under load. `--other TREE` measures legwatch of another folder beside this
one, `--paced` looks for the highest rate at which a broker with its own limits drops nothing.

Compare the ratios of one run, not the rates of different machines. With very few windows a program
stores all at once, and its rate is 0.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.alert_delay import alert_delays_s
from bench.drain import Drained, drain
from bench.paced import LOWEST, lossless_rate
from bench.stage import BARE, BY_HAND, LEGWATCH_HERE, Subject
from legwatch_lab.score.command import positive

SHORT = ("--windows", "6000", "--beds", "100", "--rounds", "1", "--pushes", "20")
LOADS = (("a tenth", 0.1), ("half", 0.5))  # of the server's own rate


def compared(subjects: Sequence[Subject], beds: int, windows: int, rounds: int) -> float:
    """Print one row for each program; return the rate of this tree's server."""
    found: dict[str, list[Drained]] = {subject.name: [] for subject in subjects}
    for number in range(rounds):
        # Each program is first as often as the others.
        turn = number % len(subjects)
        for subject in (*subjects[turn:], *subjects[:turn]):
            found[subject.name].append(drain(subject, beds, windows))
    for name, runs in found.items():
        pairs = zip(runs, found[BARE.name], strict=True)
        of_bare = [run.windows_a_s / max(bare.windows_a_s, 1e-9) for run, bare in pairs]
        middle = Drained(*(statistics.median(values) for values in zip(*runs, strict=True)))
        lowest, highest = min(of_bare), max(of_bare)
        print(
            f"{beds:>7} {name:<10} {middle.windows_a_s:>11,.0f} {statistics.median(of_bare):>8.2f}"
            f" {f'{lowest:.2f}-{highest:.2f}':>11} {middle.cpu_us:>7.0f} {middle.peak_mb:>7.0f}"
            f" {middle.window_bytes:>8.0f}",
            flush=True,
        )
    return statistics.median(run.windows_a_s for run in found[LEGWATCH_HERE.name])


def delayed(subjects: Sequence[Subject], rate: float, pushes: int) -> None:
    """Print how long pushes take under load."""
    for what, share in LOADS:
        for subject in subjects:
            found = alert_delays_s(subject, rate * share, pushes)
            p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
            print(
                f"push, {subject.name}, at {what}, {rate * share:,.0f} windows/s: "
                f"p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
                f"worst {found[-1] * 1000:.1f} ms of {len(found)}",
                flush=True,
            )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--windows", type=positive, default=60_000, help="number for all beds together (60000)"
    )
    parser.add_argument(
        "--rounds", type=positive, default=5, help="number of rounds; the median is printed (5)"
    )
    parser.add_argument(
        "--beds", type=positive, nargs="+", default=(100, 10_000), help="beds (100 10000)"
    )
    parser.add_argument("--pushes", type=int, default=200, help="beds with an alert; 0: none (200)")
    parser.add_argument("--other", type=Path, help="the folder of another legwatch")
    parser.add_argument("--paced", action="store_true", help="the highest rate without a loss, too")
    parser.add_argument("--paced-from", type=float, default=LOWEST, help="windows/s (500)")
    parser.add_argument("--short", action="store_true", help="all of it in less than a minute")
    args = parser.parse_args([*SHORT, *sys.argv[1:]] if "--short" in sys.argv[1:] else None)
    if max(args.beds) > args.windows:
        parser.error("--windows: each bed needs at least one")
    other = [Subject("other", tree=args.other.resolve())] if args.other else []
    stores = [BY_HAND, LEGWATCH_HERE, *other]
    print(
        f"{'beds':>7} {'program':<10} {'windows/s':>11} {'of bare':>8} {'range':>11} {'CPU us':>7}"
        f" {'peak MB':>7} {'B/window':>8}"
    )
    tops = [compared([BARE, *stores], beds, args.windows, args.rounds) for beds in args.beds]
    if args.pushes:
        delayed(stores, max(tops), args.pushes)
    if args.paced:
        for subject in stores:
            rate = lossless_rate(subject, 2 if args.short else 8, args.paced_from)
            print(f"nothing lost by {subject.name} up to {rate:,.0f} windows/s", flush=True)


if __name__ == "__main__":
    main()
