"""The runs behind detection.md; a digest of the sources names each stored result."""

import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.__main__ import main as legwatch
from legwatch_lab.bench.moved_alerts import all_rows
from legwatch_lab.score.folder import truths

ROOT = Path(__file__).resolve().parents[3]
STANDARD = "standard"
CURVE = "warmth.change_sure"
SPREAD = "0.91:0.99:0.02"
CURVED = ("mat", "no_mat")
MAKER = ("lab/legwatch_lab/nights",)
JUDGES = (
    "core/legwatch",
    "config/profiles",
    "lab/legwatch_lab/score",
    "core/legwatch_runtime/profiles.py",
    "core/legwatch_runtime/replay_file.py",
)
MOVED = ("lab/legwatch_lab/bench/moved_alerts.py", "lab/legwatch_lab/known_night.py")
JsonReport = dict[str, Any]

# Options for the same nights with other sensors.
SENSORS = {
    "drawn": (),
    "warm": ("--leg-offset=1",),
    "cool": ("--leg-offset=-1",),
    "slow": ("--lag-min=9",),
    "lossy": ("--lost=0.5",),
}


class SensorVariant(NamedTuple):
    """One way to score the nights: with which sensors, and without which of them."""

    label: str
    sensors: str = "drawn"
    without: tuple[str, ...] = ()


LOOKS = {
    "mat": SensorVariant("unchanged, with a mat"),
    "no_mat": SensorVariant("without the mat", without=("mat",)),
    "no_room": SensorVariant("without the room sensor", without=("room",)),
    "no_humidity": SensorVariant("without humidity", without=("humidity",)),
    "warm": SensorVariant("leg sensor reads 1 °C more", "warm"),
    "cool": SensorVariant("leg sensor reads 1 °C less", "cool"),
    "slow": SensorVariant("leg sensor lags 9 min", "slow"),
    "lossy": SensorVariant("half of the readings lost", "lossy"),
}


class Stopped(Exception):  # noqa: N818 - named like KeyboardInterrupt
    """A command failed; it has printed the reason."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Bench:
    """Make and score the nights of one seed in a folder."""

    def __init__(self, work: Path, seed: int, count: int, jobs: int | None, *, steps: int) -> None:
        self._work, self._seed, self._count = work, seed, count
        self._jobs = jobs
        self._steps, self._step = steps, 0
        self._maker, self._judges, self._moved = mark(MAKER), mark(JUDGES), mark(MOVED)

    @property
    def sources(self) -> str:
        """Return the digests of all sources of the figures."""
        made = f"maker {self._maker}; engine, profiles and scorer {self._judges}"
        return f"{made}; moved alerts {self._moved}"

    def nights(self, sensors: str) -> Path:
        """Return the folder of the nights with these sensors; make the nights if it is missing."""
        words = (f"--seed={self._seed}", f"--count={self._count}", *SENSORS[sensors])
        key = _digest((self._maker, version("pythermalcomfort"), *words))
        folder = self._work / f"nights-{sensors}-{key}"
        whole = folder / "whole.json"
        if not whole.exists():
            _say(f"        making {self._count} nights, sensors {sensors}")
            base = ("nights", "make", "--model=body", "--kind=corpus")
            _legwatch(*base, *words, *self._at_once(), f"--out={folder}")
            whole.write_text(json.dumps(words), encoding="utf-8")
        return folder

    def report(self, name: str) -> JsonReport:
        """Return the report of `legwatch score` for one of LOOKS."""
        return self._scored(name, LOOKS[name], ())

    def curve(self, name: str) -> JsonReport:
        """Return the trade-off along CURVE for one of LOOKS."""
        return self._scored(f"{name}-curve", LOOKS[name], (f"--curve={CURVE}={SPREAD}",))

    def moved(self) -> list[list[str]]:
        """Return the rows of moved_alerts.py for the nights with unchanged sensors."""
        nights = self.nights("drawn")
        name = f"moved-{_digest((nights.name, self._judges, self._moved))}"

        def count(file: Path) -> None:
            rows = all_rows(truths([nights]), self._jobs)
            file.write_text(json.dumps(rows), encoding="utf-8")

        return [
            list(row) for row in self._once(name, "the same nights with noise or offset", count)
        ]

    def _scored(self, name: str, look: SensorVariant, more: tuple[str, ...]) -> JsonReport:
        nights = self.nights(look.sensors)
        without = tuple(f"--without={word}" for word in look.without)
        words = (f"--profile={STANDARD}", *without, *more)

        def score(file: Path) -> None:
            _legwatch("score", str(nights), *words, *self._at_once(), f"--json={file}")

        name = f"score-{name}-{_digest((nights.name, self._judges, *words))}"
        return dict(self._once(name, f"{look.label}{', trade-off' if more else ''}", score))

    def _at_once(self) -> tuple[str, ...]:
        return () if self._jobs is None else (f"--jobs={self._jobs}",)

    def _once(self, name: str, label: str, write: Callable[[Path], None]) -> Any:
        """Return the JSON that `write` wrote, now or in an earlier run that completed it."""
        self._step += 1
        progress = f"[{self._step:>2}/{self._steps}] {label}"
        kept = self._work / f"{name}.json"
        if kept.exists():
            _say(f"{progress}: done in an earlier run")
        else:
            _say(progress)
            half = kept.with_suffix(".half")
            write(half)
            half.replace(kept)
        return json.loads(kept.read_text(encoding="utf-8"))


def mark(places: Iterable[str]) -> str:
    """Return a digest of all source files in these places of the checkout."""
    found = hashlib.sha256()
    for place in places:
        path = ROOT / place
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.suffix in {".py", ".toml"}:
                found.update(str(file.relative_to(ROOT)).encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:12]


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


def _legwatch(*words: str) -> None:
    """Run a legwatch command in this process; show its progress but not its table."""
    with redirect_stdout(io.StringIO()):
        code = legwatch(words)
    if code == 130:
        raise KeyboardInterrupt
    if code:
        raise Stopped(code)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
