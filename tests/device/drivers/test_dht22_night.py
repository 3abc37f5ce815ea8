"""A recorded half day of a DHT22 that fails: from the driver, over the wire, to the alerts."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device.drivers.rigs import Dht22
from device.drivers.test_every_thermometer import Reader
from legwatch.contract.window import decode_window, encode_window
from legwatch.engine import start
from legwatch.events import Window
from legwatch.testing import BOOT, drive
from legwatch_device.samples import Span, close_window
from repository import REPO, rules

FILE = REPO.parent / "shared" / "nights" / "dht22_failing" / "data.csv.gz"
STEP_MS = 15_000  # the agent's sample_s

pytestmark = pytest.mark.slow  # 4,300 readings


def recorded() -> dict[int, tuple[float, float]]:
    """Return the readings of the file by the step in which they were made."""
    if not FILE.exists():
        pytest.skip(f"the recorded night {FILE.parent.name} is not on this machine")
    found: dict[int, dict[str, float]] = {}
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            at, channel, value = line.strip().split(",")
            step = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1000) // STEP_MS
            found.setdefault(step, {})[channel] = float(value)
    return {
        step: (values["temperature_c"], values["humidity_pct"]) for step, values in found.items()
    }


def windows(rig: Dht22, readings: dict[int, tuple[float, float]]) -> Iterator[Window]:
    """Yield what the agent sends: in a step without a reading the sensor does not answer."""
    reader, first = Reader(rig.open(), rig), min(readings)
    for step in range(first, max(readings) + 1):
        rig.clock.now_ms = step * STEP_MS
        if step in readings:
            rig.plug()
            rig.shows(*readings[step])
        else:
            rig.unplug()
        to_ms = (step + 1) * STEP_MS
        span = Span(from_ms=to_ms - STEP_MS, to_ms=to_ms, mono_ms=to_ms, synced=True)
        window = close_window([reader.read()], span)
        sent = window._replace(boot=BOOT, seq=step - first + 1, age_ms=0)
        yield decode_window(encode_window(sent))


def test_its_failures_are_told_and_nothing_is_said_of_a_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = recorded()
    sent = list(windows(Dht22(tmp_path, monkeypatch), readings))
    for window in sent:
        expected = readings.get(window.from_ms // STEP_MS)
        if expected is None:  # never an old value
            assert (window.leg_c, window.faults) == (None, (("leg", "no_answer"),))
        else:
            assert (window.leg_c, window.leg_rh, window.faults) == (*expected, ())
    assert sum(window.leg_c is None for window in sent) > 400
    _, told = drive(start(), sent, rules(night__from_h=12))
    fired = [(n.kind.value, n.at_ms // 60_000 * 60) for n in told if n.transition.value == "fired"]
    assert {kind for kind, _ in fired} == {"sensor"}
    assert all(readings_fail(readings, at_s) for _, at_s in fired)


def readings_fail(readings: dict[int, tuple[float, float]], at_s: int) -> bool:
    """Return True if half of the steps of the quarter of an hour before have no reading."""
    last = at_s * 1000 // STEP_MS
    return sum(step in readings for step in range(last - 60, last)) < 30
