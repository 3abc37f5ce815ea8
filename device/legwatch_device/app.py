"""`legwatch agent`: read the arguments and the settings, then build and run the agent."""

import logging
import queue
import secrets
import signal
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from legwatch import __version__
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.contract.press import Press
from legwatch.contract.roles import ROLES, Role
from legwatch.errors import CannotRun
from legwatch.events import ClockTrust, Window
from legwatch_device.agent import PLAYED_TO, Agent, Finished
from legwatch_device.broker_link import BrokerLink
from legwatch_device.drivers import Button, Feed, Put, Signal, open_driver
from legwatch_device.indicator import Indicator
from legwatch_device.sampler import Sampler
from legwatch_device.samples import PlacedSensor
from legwatch_device.settings import BUTTONS, FEEDS, SIGNALS, AgentSettings, SensorTable, read
from legwatch_device.spool import Spool
from legwatch_runtime import systemd
from legwatch_runtime.clock import Clock, SystemClock
from legwatch_runtime.part import OnFailure, Parts
from legwatch_runtime.process import log_to_stderr, settings_parser
from legwatch_runtime.secrets import secret
from legwatch_runtime.state_dir import locked

logger = logging.getLogger(__name__)

WINDOWS_PER_NIGHT_S = 12 * 3600
MISSED = 12  # so many windows may be missing before the thread that makes them hangs


def main(argv: Sequence[str]) -> int:
    """Run `legwatch agent`; return 0 at a clean end. Raises SettingsError or CannotRun."""
    description = "Read the bed's sensors, store the windows, send them."
    parser = settings_parser("legwatch agent", description, "agent.toml")
    parser.add_argument("--check-config", action="store_true", help="check the settings and exit")
    args = parser.parse_args(argv)
    settings = read(args.config)
    password = secret("LEGWATCH_MQTT_PASSWORD")
    if args.check_config:
        print(f"{args.config}: good (bed {settings.bed})")
        return 0
    log_to_stderr()
    parts = Parts()
    parts.guard_other_threads()
    with locked(Path(settings.state_dir), "agent.lock") as folder:
        try:
            return _run(settings, password, folder, parts)
        except sqlite3.Error as error:
            raise CannotRun(f"the spool in {folder} cannot be used: {error}") from None


def _run(settings: AgentSettings, password: str, folder: Path, parts: Parts) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    said: queue.Queue[Any] = queue.Queue(maxsize=2000)
    clock = SystemClock(trusted=settings.clock == "trusted")
    spool = Spool(folder / "spool.db")
    feed = _feed(settings, spool, clock)
    beacon = Indicator(_signal(settings), clock)
    button = _button(settings)
    link = BrokerLink(settings.bed, settings.mqtt, password, said, parts)
    main_part = parts.add("agent", lambda: agent.run(stop), on_failure=OnFailure.END)
    agent = Agent(
        boot=secrets.token_hex(4),
        spool=spool,
        link=link,
        feed=feed,
        clock=clock,
        said=said,
        most=settings.spool_nights * WINDOWS_PER_NIGHT_S // settings.window_s,
        about=BedsideInfo(
            version=__version__, window_s=settings.window_s, sensors=_drivers(settings)
        ),
        beacon=beacon,
        turned=main_part.turned,
        made=partial(_window_made, parts),
    )
    if button is not None:
        button.listen(lambda name: said.put(_press(name, clock)))
    within_s = float("inf") if settings.recording.file else MISSED * settings.window_s
    feed_part = parts.add(
        "feed", lambda: _measure(feed, put, said, stop), on_failure=OnFailure.END, within_s=within_s
    )

    def put(item: Window | Press) -> None:
        feed_part.turned()
        said.put(item)

    feed_part.start()
    sensors = ", ".join(f"{place} {driver}" for place, driver in _drivers(settings))
    logger.info("agent up: bed %s, sensors: %s", settings.bed, sensors or "none")
    link.start()
    if settings.recording.file:  # its windows have the pace of the recording
        systemd.Watchdog(parts).start()
    systemd.tell(systemd.READY)
    try:
        main_part.guard()
    finally:
        systemd.tell(systemd.STOPPING)
        parts.stopping.set()
        stop.set()
        beacon.calm()  # after the exit nobody could put out lamp and buzzer
        link.stop()
        spool.close()
    return 0


def _press(name: str, clock: Clock) -> Press:
    trust = ClockTrust.SYNCED if clock.synced() else ClockTrust.UNSYNCED
    return Press(secrets.token_hex(16), name, clock.utc_ms(), clock=trust.value)


def _window_made(parts: Parts) -> None:
    """Tell the manager of the process that the bed is measured, whatever its sensors say."""
    if parts.well():
        systemd.tell(systemd.WELL)


def _measure(feed: Feed, put: Put, said: "queue.Queue[Any]", stop: threading.Event) -> None:
    feed.run(put, stop)
    if not stop.is_set():
        said.put(Finished())


def _feed(settings: AgentSettings, spool: Spool, clock: SystemClock) -> Feed:
    recording = settings.recording
    if recording.file:
        after_ms = spool.fact(PLAYED_TO)
        feed: Feed = open_driver(
            FEEDS,
            "recorded",
            "recording",
            asdict(recording),
            after_ms=after_ms,
            window_s=settings.window_s,
        )
        return feed
    sensors = [_placed(role, settings.sensors) for role in ROLES if role.name in settings.sensors]
    return Sampler(sensors, clock, window_s=settings.window_s, sample_s=settings.sample_s)


def _placed(role: Role, tables: Mapping[str, SensorTable]) -> PlacedSensor:
    table = tables[role.name]
    sensor = open_driver(role.group, table.driver, f"sensors.{role.name}", table.options)
    return PlacedSensor(role, sensor, table.offset_c)


def _signal(settings: AgentSettings) -> Signal | None:
    table = settings.signal
    if table is None:
        return None
    signal: Signal = open_driver(SIGNALS, table.driver, "signal", table.options)
    return signal


def _button(settings: AgentSettings) -> Button | None:
    """Return the button; None with a recording: a press of today has no place in its night."""
    table = settings.button
    if table is None or settings.recording.file:
        return None
    button: Button = open_driver(BUTTONS, table.driver, "button", table.options)
    return button


def _drivers(settings: AgentSettings) -> tuple[tuple[str, str], ...]:
    if settings.recording.file:
        return (("all", "recorded"),)
    return tuple((name, table.driver) for name, table in settings.sensors.items())
