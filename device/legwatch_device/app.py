"""`legwatch agent`: read the arguments and the settings, then build and run the agent."""

import argparse
import logging
import queue
import secrets
import signal
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from legwatch import __version__
from legwatch.contract.bedside_info import RECORDED, BedsideInfo
from legwatch.contract.press import Press
from legwatch.errors import CannotRun, SettingsError
from legwatch.events import ClockTrust, Window
from legwatch_device import fittings
from legwatch_device.agent import Agent, Finished, Helps
from legwatch_device.arguments import parser
from legwatch_device.beacon import Beacon
from legwatch_device.broker_link import BrokerLink
from legwatch_device.card import Card
from legwatch_device.drivers import Feed, open_driver
from legwatch_device.drivers.recorded import RecordedFeed
from legwatch_device.keeping import PLAYED_TO, Most
from legwatch_device.runs import RUN, ZERO
from legwatch_device.sampler import Sampler
from legwatch_device.samples import sendable_ms
from legwatch_device.settings import FEEDS, AgentSettings, read
from legwatch_device.spool import Spool
from legwatch_device.starting import Starting, wait_for_first_tries
from legwatch_runtime import calls, systemd
from legwatch_runtime.clock import SystemClock, machine_boot
from legwatch_runtime.log import log_to_stderr
from legwatch_runtime.part import OnFailure, Parts
from legwatch_runtime.secrets import secret
from legwatch_runtime.secrets_beside import beside
from legwatch_runtime.system_zone import machine_zone

logger = logging.getLogger(__name__)

WINDOWS_PER_NIGHT_S = 12 * 3600
MOST_WAITING = 2000  # items for the agent; a fast recording waits for it
MISSED = 12  # so many windows may be missing before the thread that makes them hangs


def main(argv: Sequence[str]) -> int:
    """Run `legwatch agent` with the words of the command line; see `run`."""
    return run(parser().parse_args(argv))


def run(args: argparse.Namespace) -> int:
    """Run the agent; return 0 at a clean end. Raises SettingsError or CannotRun."""
    if not args.check_config:
        log_to_stderr()  # first: it names each driver before its module can end the process
    # A driver that cannot be loaded is told when it is started, and tried again.
    settings = read(args.config, broken=None if args.check_config else lambda _error: None)
    with beside(args.config):  # where `legwatch pair` has put it; a unit is given it by systemd
        password = secret("LEGWATCH_MQTT_PASSWORD")
    if args.check_config:
        if unread := settings.unread():
            raise SettingsError("recording.file", unread)
        print(f"{args.config}: good (bed {settings.bed})")
        return 0
    with Card(Path(settings.state_dir)) as card:
        try:
            return _Bedside(settings, password, card).run()
        except sqlite3.Error as error:
            raise CannotRun(f"the spool in {settings.state_dir} cannot be used: {error}") from None


class _Bedside:
    """All parts of one agent, and what connects them."""

    def __init__(self, settings: AgentSettings, password: str, card: Card) -> None:
        self.settings, spool = settings, card.begin()
        with suppress(sqlite3.Error):  # a full card
            spool.forget_starts(RUN, ZERO)
        self.stop, self.parts = threading.Event(), Parts()
        self.parts.guard_other_threads()
        self.clock = SystemClock(trusted=settings.clock == "trusted")
        self.said: queue.Queue[Any] = queue.Queue(maxsize=MOST_WAITING)
        self.link = BrokerLink(settings.bed, settings.mqtt, password, self.said, self.parts)
        lamp, driver = fittings.signal(settings), fittings.signal_driver(settings)
        self.beacon = Beacon(lamp, self.clock, self.said.put, self.parts, driver)
        self.button = fittings.button(settings, self._pressed, self.parts)
        self.sensors = [] if settings.recording.file else fittings.sensors(settings)
        self.feed: Feed = self._feed(spool)
        self.main_part = self.parts.add("agent", self._run, on_failure=OnFailure.END)
        within_s = float("inf") if settings.recording.file else MISSED * settings.window_s
        self.feed_part = self.parts.add(
            "feed", self._measure, on_failure=OnFailure.END, within_s=within_s
        )
        self.agent = Agent(
            boot=secrets.token_hex(4),
            spool=spool,
            run=machine_boot(),
            home=card.back,
            link=self.link,
            feed=self.feed,
            clock=self.clock,
            said=self.said,
            most=Most(
                settings.spool_nights * WINDOWS_PER_NIGHT_S // settings.window_s,
                settings.spool_mb * 1_000_000,
            ),
            about=BedsideInfo(
                version=__version__,
                window_s=settings.window_s,
                sensors=_drivers(settings),
                made=() if settings.recording.file else tuple(sorted(settings.made())),
                zone="" if settings.recording.file else machine_zone().name,
                left_out=self.feed.left_out if isinstance(self.feed, RecordedFeed) else "",
            ),
            beacon=self.beacon,
            turned=self.main_part.turned,
            made=self._made,
            button=str if self.button is None else self.button.why,
            failing=self.feed.failing if isinstance(self.feed, Sampler) else tuple,
            user="" if settings.mqtt.user == settings.bed else settings.mqtt.user,
            fallback=self._fallback(),
        )

    def run(self) -> int:
        """Run until a signal, or until the end of a recording."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        self._start_drivers()
        self.feed_part.start()
        sensors = ", ".join(f"{place} {driver}" for place, driver in _drivers(self.settings))
        logger.info("agent up: bed %s, sensors: %s", self.settings.bed, sensors or "none")
        if self.settings.untold():
            logger.warning("%s", self.settings.untold())
        self.link.start()
        if self.settings.recording.file:  # its windows have the pace of the recording
            systemd.Watchdog(self.parts).start()
        systemd.tell(systemd.READY)
        try:
            self.main_part.guard()
        finally:
            systemd.tell(systemd.STOPPING)
            self.parts.stopping.set()
            self.stop.set()
            self.beacon.stop()  # after the exit nobody could put out lamp and buzzer
            self.link.stop()
            self.agent.close()
            calls.forget()
        return 0

    def _start_drivers(self) -> None:
        """Start all drivers at once; raises SettingsError if the settings of one are wrong."""
        self.beacon.begin()
        if isinstance(self.feed, Sampler):
            self.feed.begin(self.stop)
        begun: list[Starting] = [starting for _, starting in self.sensors]
        if self.beacon.starting is not None:
            begun.append(self.beacon.starting)
        if self.button is not None:
            self.button.begin()
            begun.append(self.button.starting)
        wait_for_first_tries(begun)

    def _feed(self, spool: Spool) -> Feed:
        settings, recording = self.settings, self.settings.recording
        if recording.file:
            after_ms, window_s = spool.fact(PLAYED_TO), settings.window_s
            feed: Feed = open_driver(
                FEEDS,
                "recorded",
                "recording",
                asdict(recording),
                after_ms=after_ms,
                window_s=window_s,
            )
            return feed
        return Sampler(
            self.sensors,
            self.clock,
            window_s=settings.window_s,
            sample_s=settings.sample_s,
            parts=self.parts,
        )

    def _fallback(self) -> Helps | None:
        """Return what tells the sleeper while the server is silent; None: nothing can or shall."""
        settings = self.settings
        if not settings.helps_itself():
            return None
        # It brings the engine, which takes memory.
        from legwatch_device.fallback import Fallback  # noqa: PLC0415
        from legwatch_device.kept_rules import KeptRules  # noqa: PLC0415

        return Fallback(
            settings.fallback.after_s,
            self.clock,
            KeptRules(Path(settings.state_dir), self.clock),
            tuple(settings.sensors),
        )

    def _run(self) -> None:
        self.agent.run(self.stop)

    def _measure(self) -> None:
        self.feed.run(self._put, self.stop)
        if not self.stop.is_set():
            self.said.put(Finished())

    def _put(self, item: Window | Press) -> None:
        self.feed_part.turned()
        self.said.put(item)

    def _made(self) -> None:
        """Tell the manager of the process that windows are made, whatever the sensors say."""
        if self.parts.well():
            systemd.tell(systemd.WELL)

    def _pressed(self, name: str) -> None:
        trust = ClockTrust.SYNCED if self.clock.synced() else ClockTrust.UNSYNCED
        at_ms = sendable_ms(self.clock.utc_ms())
        self.said.put(Press(secrets.token_hex(16), name, at_ms, clock=trust.value))


def _drivers(settings: AgentSettings) -> tuple[tuple[str, str], ...]:
    if settings.recording.file:
        return (RECORDED,)
    return tuple((name, table.driver) for name, table in settings.sensors.items())
