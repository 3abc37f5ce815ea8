"""A made night as faults are laid over it: the readings of each channel, and what is true."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from legwatch.recording import parse
from legwatch_lab.score.cold import uncovering_outcomes
from legwatch_lab.truth import SUFFIX, NightTruth, TrueSpan, read
from legwatch_runtime.replay_file import opened

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
EVENING_MS = 3 * HOUR_MS  # of empty bed before bedtime
STILL_MS = (2 * HOUR_MS, 7 * HOUR_MS + HOUR_MS // 2)  # of a still night, after bedtime
WHOLE_LEGS = ("both_legs", "all")
LEG, LEG_RH = "leg_temperature_c", "leg_humidity_pct"
ROOM, ROOM_RH = "room_temperature_c", "room_humidity_pct"
COUNTS, MOVED, ACTIVE = "movement", "moved_s", "active_s"
MAT = "in_bed"
Sample = tuple[int, float]  # UTC ms, value
Readings = Mapping[str, tuple[Sample, ...]]


@dataclass(frozen=True, slots=True)
class BedNight:
    """One night. Times are UTC ms; `bare` is the uncovering that is judged."""

    name: str
    kind: str  # uncovered, quiet or still
    readings: Readings
    truth: NightTruth
    bare: TrueSpan | None = None

    @property
    def begin_ms(self) -> int:
        """The time of the first reading."""
        return min(samples[0][0] for samples in self.readings.values() if samples)

    @property
    def end_ms(self) -> int:
        """The end of the night's truth."""
        return self.truth.end_ms

    @property
    def bed_ms(self) -> int:
        """When the sleeper first got into bed."""
        return self.truth.in_bed[0].from_ms

    @property
    def up_ms(self) -> int:
        """When the sleeper got up for good."""
        return self.truth.in_bed[-1].to_ms

    def room_c(self, at_ms: int) -> float:
        """Return the true air of the room, also a little outside the truth's own time."""
        series = self.truth.room
        place = (at_ms - series.begin_ms) // series.step_ms
        return series.values[max(0, min(len(series.values) - 1, place))]


def kind_of(truth: NightTruth) -> str:
    """Return uncovered or quiet; empty for a night that is not used."""
    if truth.faults or not truth.in_bed:
        return ""
    if judged(truth):
        return "uncovered"
    return "" if truth.uncovered else "quiet"


def judged(truth: NightTruth) -> TrueSpan | None:
    """Return the first uncovering of whole legs that counts."""
    for found in uncovering_outcomes(truth, ()):
        if found.what in WHOLE_LEGS:
            return TrueSpan(found.from_ms, found.to_ms)
    return None


def chosen(folder: Path, count: int) -> dict[str, list[Path]]:
    """Return the first `count` truth files of each kind below a folder."""
    found: dict[str, list[Path]] = {"uncovered": [], "quiet": []}
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        truth = read(path)
        kind = kind_of(truth) if truth else ""
        if kind and len(found[kind]) < count:
            found[kind].append(path)
        if all(len(paths) == count for paths in found.values()):
            break
    return found


def load(path: Path, *, still: bool = False) -> BedNight:
    """Read a night and its truth, with three hours of empty bed before; raises RecordingError."""
    truth = read(path)
    assert truth is not None
    with opened(path.with_name(truth.file)) as lines:
        recording = parse(lines, zone=UTC)
    readings: dict[str, list[Sample]] = {}
    for at_ms, channel, value in recording.readings:
        if not isinstance(value, str):
            readings.setdefault(channel, []).append((at_ms, value))
    whole = {name: tuple(samples) for name, samples in readings.items()}
    night = BedNight(truth.name, kind_of(truth), whole, truth, judged(truth))
    night = with_evening(night)
    return stilled(night) if still else night


def with_evening(night: BedNight) -> BedNight:
    """Let the empty bed last three hours: what came before bedtime comes again, mirrored."""
    missing_ms = EVENING_MS - (night.bed_ms - night.begin_ms)
    length_ms = night.bed_ms - 10 * MINUTE_MS - night.begin_ms
    if missing_ms <= 0 or length_ms < 10 * MINUTE_MS:
        return night
    begin_ms = night.begin_ms
    longer = {}
    for name, samples in night.readings.items():
        empty = [sample for sample in samples if sample[0] < begin_ms + length_ms]
        longer[name] = (*_before(empty, begin_ms, length_ms, missing_ms), *samples)
    return replace(night, readings=longer)


def _before(
    empty: Iterable[Sample], begin_ms: int, length_ms: int, missing_ms: int
) -> list[Sample]:
    """Return the samples of `missing_ms` before the begin; each other round runs backwards."""
    found = []
    samples = list(empty)
    for turn in range(-(-missing_ms // length_ms)):
        for at_ms, value in samples:
            into_ms = at_ms - begin_ms
            ago_ms = turn * length_ms + (into_ms if turn % 2 == 0 else length_ms - into_ms)
            if 0 < ago_ms <= missing_ms:
                found.append((begin_ms - ago_ms, value))
    return sorted(found)


def stilled(night: BedNight) -> BedNight:
    """Let the sleeper of a quiet night lie without any movement from 2:00 to 7:30 h."""
    from_ms = night.bed_ms + STILL_MS[0]
    to_ms = min(night.bed_ms + STILL_MS[1], night.up_ms - 5 * MINUTE_MS)
    calm = dict(night.readings)
    for name in (COUNTS, MOVED, ACTIVE):
        if name in calm:
            calm[name] = tuple((t, 0.0 if from_ms <= t < to_ms else v) for t, v in calm[name])
    turns = tuple(t for t in night.truth.turns if not from_ms <= t < to_ms)
    truth = replace(night.truth, turns=turns)
    return replace(night, kind="still", readings=calm, truth=truth)
