"""The export as it runs: round after round, until it is told to stop or all is sent."""

import logging
import signal
import threading
from functools import cache, partial
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.clock import instant, utc_ms
from legwatch_runtime.log import log_to_stderr
from legwatch_runtime.secrets import token
from legwatch_runtime.state_dir import locked
from legwatch_server.history.cursor import Cursor
from legwatch_server.history.exporter import NEVER, End, Exporter, NightRules
from legwatch_server.history.sink import Sentinel, Sink, SinkAway
from legwatch_server.history.tally import IDLE_MS
from legwatch_server.settings import ServerSettings
from legwatch_server.store import unreadable
from legwatch_server.store.errors import StoreError
from legwatch_server.store.reader import FILE, open_if_made, open_read_only

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
SAY_EVERY_S = 10.0
WATCH_S = 3.0


def run(settings: ServerSettings, *, once: bool, from_start: bool) -> int:
    """Send until a signal, with `once` until all that is there is safe; return the exit code."""
    log_to_stderr()
    with locked(Path(settings.state_dir), "history.lock", of_another=True) as folder:
        return _run(settings, folder, once=once, from_start=from_start)


def _run(settings: ServerSettings, folder: Path, *, once: bool, from_start: bool) -> int:
    stop, store = threading.Event(), folder / FILE
    # A store that cannot be read is said before the other one is asked.
    end = _stored_now(folder) if once else NEVER
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    cursor = Cursor(folder / "history.json", from_start=from_start)
    sink = Sink(settings.history, token("LEGWATCH_INFLUX_TOKEN"))
    sentinel = Sentinel(settings.history.url)
    nights = NightRules(cache(settings.rules_of), 0 if once else IDLE_MS)
    exporter = Exporter(partial(open_if_made, store), cursor, sink, sentinel, nights, end=end)
    backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
    away, logged = False, instant()
    while not stop.is_set():
        try:
            rows = exporter.round(utc_ms())
        except SinkAway as error:
            level = logging.DEBUG if away else logging.WARNING
            logger.log(level, "history: %s: %s", settings.history.url, error)
            away = True
            stop.wait(backoff.next_s())
            continue
        except CannotRun as error:
            why = unreadable.why(store, error) if isinstance(error, StoreError) else str(error)
            if once:
                raise CannotRun(why) from None
            logger.warning("history: %s", why)
            stop.wait(LONGEST_WAIT_S)
            continue
        if away:
            logger.info("history: the store is back")
        away = False
        backoff.reset()
        if instant().since(logged) > SAY_EVERY_S and rows:
            logged = instant()
            logger.info(
                "history: %s points sent, %s windows to go", exporter.points, exporter.lag()
            )
        if rows:
            continue
        if once and cursor.settled():
            logger.info("history: all sent, %s points, %s refused", exporter.points, sink.refused)
            break
        soon = not cursor.settled()  # until then, watch often whether the store restarts
        stop.wait(min(settings.history.every_s, WATCH_S) if soon else settings.history.every_s)
    exporter.close()
    sentinel.close()
    sink.close()
    return 0


def _stored_now(folder: Path) -> End:
    """Return the last rows of now: a bed that goes on to send would never let the export end."""
    with open_read_only(folder) as reader:
        return End(reader.last_window(), reader.last_notice())
