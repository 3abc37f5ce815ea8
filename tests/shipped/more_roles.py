"""Run as a program with a core that has two more roles: shows where their values come out.

The arguments are a folder to write in. One role has the drivers of thermometers; the other is a
gauge, for which this program brings a driver.
"""

import json
import queue
import sys
import threading
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from legwatch.__main__ import main as legwatch
from legwatch.contract.roles import ROLES
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import decode_window, encode_window
from legwatch.errors import LegwatchError
from legwatch.events import Window
from legwatch.recording import parse, windows
from legwatch.settings import load
from legwatch_device.drivers import open_driver
from legwatch_device.sampler import Sampler
from legwatch_device.samples import PlacedSensor
from legwatch_device.settings import read
from legwatch_runtime.clock import SystemClock
from legwatch_server.history.lines import window_lines
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer

NIGHT = """time,channel,value
2026-01-02T22:00:01Z,leg_temperature_c,31.0
2026-01-02T22:00:02Z,shin_temperature_c,30.5
2026-01-02T22:00:03Z,room_co2_ppm,900
2026-01-02T22:00:04Z,room_co2_ppm,1000
2026-01-02T22:00:05Z,room_co2_ppm,9
"""


class Co2:
    def read(self) -> float:
        return 812.3456


def measured(folder: Path) -> Window:
    """Return a window of an agent whose settings name the new role."""
    file = folder / "agent.toml"
    file.write_text('bed = "anna"\n[sensors.shin]\ndriver = "simulated"\noffset_c = -1.0\n')
    shin, gauge = (next(r for r in ROLES if r.name == name) for name in ("shin", "room_co2"))
    table = read(file).sensors["shin"]
    driver = open_driver(shin.group, table.driver, "sensors.shin", table.options)
    sensors = [PlacedSensor(shin, driver, table.offset_c), PlacedSensor(gauge, Co2())]
    got: queue.Queue[Window] = queue.Queue()
    stop = threading.Event()
    feed = Sampler(sensors, SystemClock(), window_s=1, sample_s=5)
    put: Any = got.put
    threading.Thread(target=feed.run, args=(put, stop), daemon=True).start()
    window = got.get(timeout=20)
    stop.set()
    return window._replace(boot="0000000a", seq=1, clock="synced")


def refusal(payload: bytes) -> str:
    try:
        decode_window(payload)
    except LegwatchError as error:
        return str(error)
    return ""


def main(folder: Path) -> dict[str, Any]:
    window = measured(folder)
    payload = encode_window(window)
    server = InProcessServer(folder, load(ServerSettings, {}), begin_ms=window.to_ms)
    for n in range(8):  # more than a minute, so that the state is published
        # Thermometers are read less often than windows come.
        others = window.others if n % 2 == 0 else ()
        later = window._replace(seq=1 + n, to_ms=window.to_ms + n * 10_000, others=others)
        server.clock.advance(later.to_ms - server.clock.now_ms)
        server.turn([server.message(topic("anna", Channel.WINDOW), encode_window(later))])
    with server.store.reader() as reader:
        row, *_ = reader.windows_after(0, 1)
        (judged, *_) = reader.windows(1, 0)
    state = server.broker.last(topic("anna", Channel.STATE))
    refused = server.rows("SELECT why FROM quarantine")
    server.close()
    night = folder / "night.csv"
    night.write_text(NIGHT)
    recording = parse(StringIO(NIGHT), zone=ZoneInfo("UTC"))
    (played,) = (item for item in windows(recording) if isinstance(item, Window))
    return {
        "wire": json.loads(payload),
        "same": decode_window(payload) == window,
        "beyond": decode_window(
            payload.replace(b'"room_co2_ppm":812.35', b'"room_co2_ppm":9')
        ).faults,
        "faults": refusal(payload[:-1] + b',"faults":{"shin":"checksum"}}'),
        "stored": judged.others,
        "at_ms": row.to_ms,
        "quarantined": refused,
        "state": state,
        "lines": window_lines(row),
        "played": played.others,
        "ignored": recording.ignored,
        "refused": recording.refused,
        "replayed": legwatch(["replay", str(night)]),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(main(Path(sys.argv[1]))))
