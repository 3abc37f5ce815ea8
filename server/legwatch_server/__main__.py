"""`legwatch server`: arguments, the real clock, wiring. The only place that builds things."""

import argparse
import logging
import queue
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun
from legwatch_server.folder import claimed
from legwatch_server.http import serve
from legwatch_server.ingest import Arrival, Ingest
from legwatch_server.intake import Intake
from legwatch_server.loop import Owner
from legwatch_server.outbox import Outbox, backlog
from legwatch_server.pulse import Pulse
from legwatch_server.push import open_channels
from legwatch_server.settings import ServerSettings, read, secret
from legwatch_server.store import Store, connect

logger = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run `legwatch server`; 0 at a clean end, 1 when it cannot run here, 2 for wrong settings."""
    parser = argparse.ArgumentParser(
        prog="legwatch server", description="Store the windows, decide, and tell people."
    )
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="server.toml")
    parser.add_argument("--check-config", action="store_true", help="only check the settings")
    args = parser.parse_args(argv)
    settings = read(args.config)
    channels = open_channels(settings.push)
    password = secret("LEGWATCH_MQTT_PASSWORD")
    if args.check_config:
        print(f"{args.config}: good (profile {settings.profile}, channels {', '.join(channels)})")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    with claimed(Path(settings.state_dir), "server.lock") as folder:
        try:
            return _run(settings, password, folder, channels)
        except OSError as error:
            raise CannotRun(str(error)) from None


def _run(settings: ServerSettings, password: str, folder: Path, channels: dict[str, Any]) -> int:
    path = folder / "legwatch.db"
    store = Store(path)
    arrivals: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
    intake = Intake(store, settings.rules_of, len(channels))
    ingest = Ingest(settings.mqtt, password, arrivals)
    boxes = {
        name: Outbox(
            path,
            name,
            notifier,
            zone_of=settings.zone_of,
            give_up_h=settings.push.give_up_h,
        )
        for name, notifier in channels.items()
    }
    pulse, stopping = Pulse(), threading.Event()

    def wake() -> None:
        for box in boxes.values():
            box.wake()

    def end(*_: object) -> None:
        stopping.set()
        arrivals.put(None)

    owner = Owner(
        store=store,
        intake=intake,
        wire=ingest,
        arrivals=arrivals,
        channels=tuple(channels),
        wake=wake,
        pulse=pulse,
        stopping=stopping,
    )
    health = _health(intake, ingest, boxes, pulse, arrivals, path)
    web = serve(settings.http.host, settings.http.port, health)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    for box in boxes.values():
        box.start()
    ingest.start()
    logger.info("server up: %s beds known, health on port %s", len(intake.beds), web.server_port)
    try:
        owner.run()
    finally:
        ingest.stop()
        for box in boxes.values():
            box.stop()
        web.shutdown()
        store.close()
    return 0


def _health(
    intake: Intake,
    ingest: Ingest,
    boxes: dict[str, Outbox],
    pulse: Pulse,
    arrivals: "queue.SimpleQueue[Arrival | None]",
    path: Path,
) -> Any:
    def report() -> dict[str, Any]:
        beat, counters, wrong = pulse.now(), intake.counters, []
        if not ingest.connected():
            wrong.append("no connection to the broker")
        if beat.failing:
            wrong.append(f"the database takes nothing: {beat.failing}")
        try:
            with closing(connect(path)) as db:
                waiting = sum(backlog(boxes, db).values())
        except sqlite3.Error as error:
            waiting = -1  # not known
            wrong.append(f"the outbox cannot be read: {error}")
        now_ms = time.time_ns() // 1_000_000
        age_s = round((now_ms - beat.committed_ms) / 1000, 1) if beat.committed_ms else None
        names = ("windows", "duplicates", "late", "clock_wrong", "quarantined")
        return {
            "status": "degraded" if wrong else "ok",
            "wrong": wrong,
            "last_commit_age_s": age_s,
            "counters": {name: getattr(counters, name) for name in names},
            "notices": dict(counters.notices),
            "pushes": {name: dict(box.results) for name, box in boxes.items()},
            "backlog": waiting,
            "queue": arrivals.qsize(),
            "beds": len(intake.beds),
            "commits": beat.commits,
            "commit_s": round(beat.commit_s, 3),
        }

    return report
