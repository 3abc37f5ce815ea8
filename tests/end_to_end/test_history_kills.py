"""History against a real database: both sides killed again and again, every point there once."""

import json
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from end_to_end.house import LEGWATCH, House, Process, free_port, wait_until, write_night
from legwatch.testing import night, uncovering
from repository import need

pytestmark = pytest.mark.end_to_end
REPO = Path(__file__).resolve().parents[2]


class Database:
    """Debian's VictoriaMetrics, which takes InfluxDB's line protocol."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> Process:
        words = (
            need("victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={self.folder / 'data'}",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            "-dedup.minScrapeInterval=1ms",
        )
        process = Process(words, self.folder / "victoria.log")
        wait_until(self._answers, "the database", 20)
        return process

    def _answers(self) -> bool:
        try:
            self.get("/health")
        except OSError:
            return False
        return True

    def get(self, path: str, **query: str) -> bytes:
        url = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bytes(answer.read())

    def points(self) -> Counter[tuple[str, str, int, float]]:
        """Return every stored point: (name and tags, time, value), with how often it is there."""
        found: Counter[tuple[str, str, int, float]] = Counter()
        raw = self.get("/api/v1/export", match='{__name__!=""}')
        for line in raw.decode().splitlines():
            series = json.loads(line)
            metric = series["metric"]
            name = metric.pop("__name__")
            tags = ",".join(f"{k}={v}" for k, v in sorted(metric.items()) if k != "db")
            for at_ms, value in zip(series["timestamps"], series["values"], strict=True):
                found[name, tags, at_ms, float(value)] += 1
        return found


def expected(house: House) -> set[tuple[str, str, int, float]]:
    """Say from the store what history must hold, windows and notices."""
    points: set[tuple[str, str, int, float]] = set()

    def add(name: str, tags: str, at_ms: int, value: float | None) -> None:
        if value is not None:
            points.add((name, tags, at_ms, float(value)))

    for to_ms, leg, leg_rh, room, room_rh, moves, mat, late in house.rows(
        "SELECT to_ms, leg_c, leg_rh, room_c, room_rh, moves, in_bed, late FROM windows"
    ):
        add("reading_temperature_c", "bed=anna,sensor=leg", to_ms, leg)
        add("reading_humidity_pct", "bed=anna,sensor=leg", to_ms, leg_rh)
        add("reading_temperature_c", "bed=anna,sensor=room", to_ms, room)
        add("reading_humidity_pct", "bed=anna,sensor=room", to_ms, room_rh)
        add("movement_count", "bed=anna", to_ms, moves)
        add("bed_in_bed", "bed=anna", to_ms, mat)
        add("bed_late", "bed=anna", to_ms, late)
    columns = "id, at_ms, kind, level, what, held, figures"
    for ident, at_ms, kind, level, what, held, figures in house.rows(
        f"SELECT {columns} FROM notices"
    ):
        tags = f"bed=anna,kind={kind},level={level},what={what}"
        add("alert_id", tags, at_ms, ident)
        add("alert_pushed", tags, at_ms, int(held is None))
        for name, value in json.loads(figures).items():
            if not isinstance(value, str):  # words, such as the name of the limit, are no points
                add(f"alert_{name}", tags, at_ms, value)
    return points


@pytest.fixture
def stored(house: House) -> House:
    """A house whose server has stored one night with alerts, and has gone."""
    seen = night(minutes=400, leg=uncovering((150, 220), uncovered_c=22.5))
    damp = (window._replace(leg_rh=48.5, room_rh=51.0) for window in seen)
    file = write_night(damp, house.folder / "n.csv")
    house.broker()
    server = house.server()
    assert house.agent("anna", file).wait(60) == 0
    assert server.stop() == 0
    assert house.count("windows") == 2400
    assert house.count("notices") >= 3
    return house


def start_exporter(house: House, database: Database, *words: str) -> Process:
    house.write_server(history={"enabled": True, "url": database.url, "every_s": 0.2})
    command = (*LEGWATCH, "history", "--config", str(house.server_toml), *words)
    return Process(command, house.folder / "history.log")


def compare(house: House, database: Database) -> None:
    database.get("/internal/force_flush")
    wanted, found = expected(house), database.points()
    nights = {point for point in found if point[0].startswith("night_")}
    assert set(found) - nights == wanted
    assert [point for point, times in found.items() if times != 1] == []
    figures = {name: value for name, _, _, value in nights}
    assert figures["night_windows"] == 2400
    assert figures["night_in_bed_min"] == pytest.approx(400, abs=1)
    assert 60 <= figures["night_cold_min"] <= 110
    assert figures["night_pushed"] == house.count("notices", "held IS NULL")


def test_every_point_arrives_once_though_both_sides_are_killed(
    stored: House, tmp_path: Path
) -> None:
    database = Database(tmp_path)
    running = database.start()
    for turn in range(5):
        exporter = start_exporter(stored, database)
        wait_until(database.points, "the first points", 30)
        if turn % 2:
            exporter.kill()
            running.kill()
        else:
            running.kill()
            exporter.kill()
        running = database.start()
    done = start_exporter(stored, database, "--once")
    wait_until(lambda: b"reading" in database.get("/api/v1/label/__name__/values"), "points")
    running.kill()  # once more while it believes that all is sent
    running = database.start()
    try:
        assert done.wait(90) == 0, done.said()[-2000:]
        compare(stored, database)
        again = start_exporter(stored, database, "--once", "--from-start")
        assert again.wait(90) == 0
        compare(stored, database)
    finally:
        running.kill()


def test_every_panel_has_something_to_show(stored: House, tmp_path: Path) -> None:
    database = Database(tmp_path)
    running = database.start()
    try:
        assert start_exporter(stored, database, "--once").wait(90) == 0
        database.get("/internal/force_flush")
        first, last = stored.rows("SELECT min(from_ms), max(to_ms) FROM windows")[0]
        asked = queries(REPO / "deploy/grafana/dashboards/nights-prometheus.json")
        assert len(asked) >= 6
        for query in asked:
            answer: dict[str, Any] = json.loads(
                database.get(
                    "/api/v1/query_range",
                    query=query.replace("$bed", "anna").replace("$__interval", "60s"),
                    start=str(first / 1000 - 43_200),
                    end=str(last / 1000 + 60),
                    step="60",
                )
            )
            assert answer["status"] == "success", query
            values = [v for series in answer["data"]["result"] for v in series["values"]]
            assert values, f"nothing came of {query}"
    finally:
        running.kill()


def queries(dashboard: Path) -> list[str]:
    body = json.loads(dashboard.read_text())
    found = [target["expr"] for panel in body["panels"] for target in panel.get("targets", [])]
    return found + [a["expr"] for a in body["annotations"]["list"] if "expr" in a]
