"""A broker, a server and a live bedside as processes; the wall clock of one of them may step."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tomlkit import dumps

from campaigns import false_clock
from campaigns.watcher import Watcher
from end_to_end.house import LEGWATCH, PASSWORD, House, Phones, Process

BED = "anna"
BEGUN_S, LIVES_S = 5, 20  # before the step, and after it
LIMIT_S, PATIENCE_S = 300, 120
NIGHT_HOUR = 2


class Lived(NamedTuple):
    """What came of one row; seconds by the elapsed clock."""

    told_s: float | None  # after its death; None: never
    false: int
    windows: int
    due_windows: int
    late: int
    off_s: float
    beat_s: float  # from the end of the bedside, or of the row, to the last heartbeat
    said: bool  # /health has said what was wrong with the clock
    lives: bool  # the bedside was not to die


class ClocksHouse(House):
    """`side`: whose wall clock steps, `server` or `agent`."""

    def __init__(self, folder: Path, side: str) -> None:
        super().__init__(folder)
        self._side, self._offset = side, folder / "offset"
        false_clock.set_clock(self._offset, 0)
        self.phones, self.watcher = Phones(), Watcher()
        west_h = (time.gmtime().tm_hour - NIGHT_HOUR) % 24
        self.write_server(
            zone=f"Etc/GMT{west_h:+d}" if west_h <= 12 else f"Etc/GMT{west_h - 24:+d}",
            beds={BED: {}},
            rules={"alerts.learn_nights": 0, "health.agent_s": LIMIT_S},
            push={"channels": ["ntfy"], "ntfy": {"url": self.phones.url, "topic": "legs"}},
            heartbeat={"url": self.watcher.url, "every_s": 10},
            clock="trusted",
        )

    def __exit__(self, *what: object) -> None:
        super().__exit__(*what)
        self.phones.close()
        self.watcher.close()

    def _start(self, words: Any, name: str, env: Mapping[str, str] | None = None) -> Process:
        if name == self._side:
            words = (sys.executable, false_clock.__file__, *tuple(words)[len(LEGWATCH) :])
            env = {**(env or {}), **false_clock.environment(self._offset)}
        return super()._start(words, name, env)

    def bedside(self) -> Process:
        """Start a live agent that makes a window each second."""
        path = self.folder / "agent.toml"
        sensors = {"leg": {"driver": "simulated"}, "room": {"driver": "simulated", "offset_c": -5}}
        table = {
            "bed": BED,
            "state_dir": str(self.folder / "agent-state"),
            "window_s": 1,
            "sample_s": 5,
            "clock": "trusted",
            "mqtt": {**self._way(), "keepalive_s": 5},
            "sensors": sensors,
        }
        path.write_text(dumps(table))
        words = (*LEGWATCH, "agent", "--config", str(path))
        return self._start(words, "agent", {"LEGWATCH_MQTT_PASSWORD": PASSWORD})

    def live(self, when: str, by_s: int, lasts_s: int, *, dies: bool) -> Lived:
        """Live through a row: the step, its end, and the death of the bedside."""
        self.broker()
        by_s = by_s or 45 - int(time.time())
        if when == "first":
            false_clock.set_clock(self._offset, by_s)
        self.server()
        bedside = self.bedside()
        self.wait_windows(1)
        begun_s, said = time.monotonic(), False
        if when == "run":
            time.sleep(BEGUN_S)
            false_clock.set_clock(self._offset, by_s)
        if when != "silence" and lasts_s:
            time.sleep(lasts_s)
            said |= self._is_said()
            false_clock.set_clock(self._offset, 0)
        time.sleep(LIVES_S)
        said |= self._is_said()
        false = len(self._sounds())
        if dies:
            bedside.kill()
        end_s = time.monotonic()
        due_windows = int((end_s - begun_s) * 0.8)
        told_s = None
        if dies:
            if when == "silence":
                time.sleep(LIVES_S)
                false_clock.set_clock(self._offset, by_s)
                time.sleep(lasts_s or LIVES_S)
                said |= self._is_said()
                if lasts_s:
                    false_clock.set_clock(self._offset, 0)
            told_s = self._told_s(end_s, false)
        beat_s = max(self.watcher.beats, default=0.0) - end_s
        return self._lived(told_s, false, due_windows, beat_s, said=said, lives=not dies)

    def _told_s(self, died_s: float, before: int) -> float | None:
        while time.monotonic() < died_s + LIMIT_S + PATIENCE_S:
            if len(self._sounds()) > before:
                return time.monotonic() - died_s
            time.sleep(0.5)
        return None

    def _lived(
        self, told_s: float | None, false: int, due_windows: int, beat_s: float, **more: bool
    ) -> Lived:
        rows = self.rows("SELECT late, abs(arrived_ms - to_ms) FROM windows")
        off_ms = max((off for late, off in rows if not late), default=0)
        late = sum(late for late, _ in rows)
        return Lived(told_s, false, len(rows), due_windows, late, off_ms / 1000, beat_s, **more)

    def _sounds(self) -> list[dict[str, Any]]:
        """Return the pushes with a sound."""
        return [body for body in self.phones.bodies if body.get("priority", 3) >= 3]

    def _is_said(self) -> bool:
        """Return True if /health speaks of a clock, or has seen its step."""
        url = f"http://127.0.0.1:{self.http_port}/health"
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                report = json.load(reply)
        except urllib.error.HTTPError as reply:
            report = json.load(reply)
        except (OSError, ValueError):
            return False
        clock = any("clock" in sentence for sentence in report["wrong"])
        bedside = report["bedsides"].get(BED, {})
        return clock or "last_step" in report["clock"] or bedside.get("clock") == "unsynced"
