"""`legwatch server`: read the arguments, build all parts of the server, connect and run them."""

import argparse
import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import tzinfo
from functools import partial
from pathlib import Path

from legwatch.contract.action import Action
from legwatch.errors import CannotRun
from legwatch_runtime import systemd
from legwatch_runtime.clock import Instant, awaits_time, instant, machine_boot
from legwatch_runtime.error_count import ErrorCount
from legwatch_runtime.log import log_to_stderr
from legwatch_runtime.part import OnFailure, Parts
from legwatch_runtime.rights import explained
from legwatch_runtime.secrets import secret
from legwatch_runtime.state_dir import lock_number, locked
from legwatch_server import run_by, zone
from legwatch_server.answer_key import given_key
from legwatch_server.arguments import parser
from legwatch_server.backup.daily import DailyBackup
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.clocks_apart import apart
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.expected import (
    all_rest,
    contested,
    counted,
    remembered,
    silent,
    unheard,
)
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.out_of_order import out_of_order
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.silence import Silence
from legwatch_server.beds.status import Status
from legwatch_server.beds.watched import can_never_warn, sees_nothing
from legwatch_server.beds.zones_apart import zones_apart
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.health import Health
from legwatch_server.inbox import ActionRequested, SettingsChanged
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.ingest.crash_guard import CrashGuard
from legwatch_server.ingest.decode import decode
from legwatch_server.kinds import check_servers
from legwatch_server.limits_asked import LimitsAsked
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.example_addresses import copied
from legwatch_server.notify.known_beds import check_known, doubts, heard_beds, unknown_shifts
from legwatch_server.notify.late import LateChannels
from legwatch_server.notify.outboxes import Around, Outboxes
from legwatch_server.notify.usable import check_usable
from legwatch_server.notify.ways import ways
from legwatch_server.publish.deadman import DeadManSwitch
from legwatch_server.publish.mqtt import MqttPublisher
from legwatch_server.publish.rules import RulesPublisher
from legwatch_server.reload import SettingsWatch
from legwatch_server.rest import Rest
from legwatch_server.settings import LOG_ONLY, ServerSettings
from legwatch_server.settings_file import read
from legwatch_server.signed_links import signing_key
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.reader import FILE
from legwatch_server.store.upkeep import Upkeep
from legwatch_server.store.years import Plan, Years
from legwatch_server.timeline import Timeline
from legwatch_server.waiting import Puts, Waiting
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.listening import Listening
from legwatch_server.web.noted import looked
from legwatch_server.web.server import bind

logger = logging.getLogger(__name__)

_LOCK = "server.lock"  # in the state_dir; commands look for it, too

WRITER_WITHIN_S = 180.0  # one commit of a large backlog on a slow card

SWITCH_S = 0.0003  # to the next thread that waits for the interpreter

# New objects between two looks for garbage in cycles, and how many more for the memory of a bed.
SELDOM, OF_A_BED = 100_000, 60

# Messages in the inbox, as many as one commit takes; the broker keeps the others meanwhile. More
# made nothing faster, and took memory.
MOST_WAITING = 2_000


def main(argv: Sequence[str]) -> int:
    """Run `legwatch server` with the words of the command line; see `run`."""
    return run(parser().parse_args(argv))


def run(args: argparse.Namespace) -> int:
    """Run the server until a signal stops it; 0 after a clean end.

    Raises CannotRun (the exit code is then 1) or SettingsError (2).
    """
    parts = Parts()
    check_servers(args.config)
    read(args.config)  # before the zone is written into a file that may be none of ours
    first = zone.Settled() if args.check_config else zone.settle(args.config)
    watch = SettingsWatch(args.config, parts)
    settings = read(args.config, watch.table)
    password = secret("LEGWATCH_MQTT_PASSWORD")
    given_key()
    if args.check_config:
        channels = check_usable(settings)
        print(f"{args.config}: good (profile {settings.profile}, channels {', '.join(channels)})")
        if set(channels) == {LOG_ONLY}:
            keys = ", ".join(settings.channel_keys())
            print(f"alerts would come to the log only, and to no person: set {keys}")
        return 0
    heard = heard_beds(settings)
    log_to_stderr()
    # The bed of a new store may not have been heard yet: that must not keep the others unwatched.
    wrong = (
        *unknown_shifts(settings, heard),
        *doubts(settings, heard),
        *copied(settings),
        *settings.concerns(),
    )
    for doubt in wrong:
        logger.warning("%s", doubt)
    errors = ErrorCount()
    logging.getLogger().addHandler(errors)
    parts.guard_other_threads()
    with locked(Path(settings.state_dir), _LOCK, read_only=True) as folder:
        try:
            server = _Server(settings, password, folder, parts, args.config)
            _say_zone(zone.word(settings, args.config, first))
            server.health.errors = errors.counts
            server.channels.begin()
            return server.run(watch, args.config)
        except OSError as error:
            raise CannotRun(_why(error)) from None


def _say_zone(word: zone.Word) -> None:
    level = logging.WARNING if word.wrong and not run_by.is_under_up() else logging.INFO
    logger.log(level, "%s", word.text)


def _why(error: OSError) -> str:
    if not isinstance(error, PermissionError) or not isinstance(error.filename, str):
        return str(error)
    return f"{error.filename} cannot be used: {error.strerror}; {explained(Path(error.filename))}"


class _Server:
    """All parts of one server, and what connects them."""

    def __init__(
        self, settings: ServerSettings, password: str, folder: Path, parts: Parts, file: Path
    ) -> None:
        self.parts = parts
        self.inbox = Waiting()
        self.status, self.stopping = Status(), threading.Event()
        self.timeline = Timeline(boot=machine_boot(), awaits_time=awaits_time)
        self.store = SqliteStore(folder / FILE, utc_ms=self.timeline.now_ms)
        self.unit = UnitOfWork(self.store, settings.rules_of, settings.plays)
        self.broker = BrokerConnection(
            settings.mqtt,
            password,
            self.inbox.put,
            self.timeline.stamp,
            CrashGuard(decode, folder / "decoding").decode,
            put_all=self.inbox.put_all,
            full=lambda: self.inbox.count() >= MOST_WAITING,
            dropped=self.unit.unread.dropped,
            parts=parts,
        )
        bedsides = Bedsides(self.broker)
        self.broker.hear_answers(bedsides.hear)
        self._key = key = signing_key(folder, given_key())
        now_ms = self.timeline.now_ms
        answered = partial(_answered_in_app, self.inbox, now_ms)
        around = Around(folder, bedsides, key, answered, now_ms, self._has_no_broker)
        self.outboxes = Outboxes(self.store, around, parts)
        self.silence = Silence(self.broker, self._beds, self.outboxes.reach, self.status)
        self.unit.decisions.no_broker = self.silence.has_no_broker
        self.channels = LateChannels(self.outboxes, settings, parts)
        self.suspects = Suspects(folder / "at_work")
        self.actions = ActionHandler(key, self.inbox.put, now_ms, partial(looked, folder / FILE))
        self.health = Health(
            unit=self.unit,
            status=self.status,
            outboxes=self.outboxes,
            store=self.store,
            actions=self.actions,
            connected=self.broker.connected,
            waiting=self.inbox.count,
            settings=settings,
            timeline=self.timeline,
            lock=lock_number(folder / _LOCK),
            failures=parts.failures,
            concerns=[
                parts.wrong,
                self.channels.wrong,
                self.broker.story.concerns,
                self.unit.unread.concerns,
                self.silence.concerns,
                self.store.concerns,
                lambda: unheard(self._watched()),
                lambda: silent(self._watched()),
                lambda: contested(self._watched()),
                lambda: apart(self._watched()),
                lambda: zones_apart(self._watched()),
                lambda: can_never_warn(self._watched()),
                lambda: sees_nothing(self._watched()),
                lambda: out_of_order(self._watched()),
            ],
        )
        self.settings = settings
        self.writer = parts.add(
            "writer", self._write, on_failure=OnFailure.END, within_s=WRITER_WITHIN_S
        )
        self.limits = LimitsAsked(file, self.broker, parts)
        self.loop = WriterLoop(
            store=self.store,
            unit=self.unit,
            transport=self.broker,
            listeners=[MqttPublisher(self.broker), RulesPublisher(self.broker), self.limits],
            inbox=self.inbox,
            timeline=self.timeline,
            settings=settings,
            wake=self.outboxes.wake,
            status=self.status,
            stopping=self.stopping,
            suspects=self.suspects,
            turned=self.writer.turned,
            silence=self.silence.facts,
            connected=self.broker.connected,
        )
        self.health.clock = self.loop.clock.report
        self.health.concerns = [*self.health.concerns, self.loop.clock.concerns]

    def run(self, watch: SettingsWatch, file: Path) -> int:
        """Run until a signal; whatever was started is stopped in the opposite order."""
        with ExitStack() as started:
            started.callback(self.store.close)
            started.callback(self.suspects.close)
            http = self.settings.http
            web = Listening(
                partial(bind, http.host, http.port, self.health.report, self.actions),
                f"{http.host}:{http.port}",
                self.parts,
            )
            self.silence.closed = web.wrong
            started.callback(web.stop)
            web.start()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._end)
            signal.signal(signal.SIGHUP, lambda *_: watch.ask())
            self.loop.begin()
            started.callback(self.outboxes.stop)
            self.outboxes.start()
            self.channels.start()
            started.callback(self.broker.stop)
            self.broker.start()
            dead_man = DeadManSwitch(
                self.settings.heartbeat,
                self._well,
                parts=self.parts,
                unreachable=self.outboxes.reach.is_lost,
            )
            started.callback(dead_man.stop)
            dead_man.start()
            daily = DailyBackup(file, self._settings, self.timeline.now_ms, self.parts)
            self.health.concerns = [*self.health.concerns, daily.concerns]
            started.callback(daily.stop)
            daily.start()
            started.callback(watch.stop)
            watch.start(self.take_over, self.inbox.put, self._ways)
            self.limits.start()
            self._look_after_the_store()
            _seek_cycles_seldom(max(len(self.settings.beds), len(self._beds())))
            _change_threads_often()
            known, port = counted(self.settings, self._beds()), web.port or "no port"
            logger.info("server up; %s; health on port %s", known, port)
            started.callback(systemd.tell, systemd.STOPPING)
            started.callback(self.parts.stopping.set)
            systemd.Watchdog(self.parts).start()
            systemd.tell(systemd.READY)
            self.writer.guard()
        return 0

    def _beds(self) -> list[BedRecord]:
        """Return all beds as they are now, for any thread: the writer may add one meanwhile."""
        return list(self.unit.beds.values())

    def _has_no_broker(self) -> bool:
        return self.silence.has_no_broker()

    def _well(self) -> Instant | None:
        """Return when it was last seen that this server watches; None: it does not."""
        if not all_rest(remembered(self.health.settings, self._beds())):
            return self.status.now().well
        return instant() if self.writer.turned_ago_s() < WRITER_WITHIN_S else None

    def _watched(self) -> list[BedRecord]:
        """Return the beds that are not at rest."""
        return [bed for bed in self._beds() if bed.rest is Rest.WATCHED]

    def _look_after_the_store(self) -> None:
        plan = Plan(self.timeline.now_ms, self._zone_of, self._raw_months, self._trusts_time)
        upkeep = Upkeep(self.store, self.parts.stopping.wait, years=Years(plan))
        part = self.parts.add("store", upkeep.run)
        upkeep.turned = part.turned
        part.start()

    def _settings(self) -> ServerSettings:
        return self.health.settings  # those in force

    def _zone_of(self, bed: str) -> tzinfo:
        return self.health.settings.zone_of(bed)  # those in force

    def _trusts_time(self) -> bool:
        return not any(self.loop.clock.concerns())

    def _raw_months(self) -> int:
        return self.health.settings.store.raw_months

    def _write(self) -> None:
        self.loop.run()

    def _ways(self) -> dict[str, str]:
        return ways(self.health.settings, self._key)

    def take_over(self, settings: ServerSettings) -> None:
        """Use new settings; raises LegwatchError before anything is changed."""
        check_known(settings, [bed.name for bed in remembered(settings, self._beds())])
        channels = self.channels.anew(settings)
        self.inbox.put(SettingsChanged(settings))
        self.channels.take_over(settings, channels)
        self.health.settings = settings

    def _end(self, *_: object) -> None:
        self.stopping.set()
        self.inbox.put(None)


def _change_threads_often() -> None:
    """Let a thread wait for the interpreter for no more than SWITCH_S.

    A push needs it some twenty times on its way, and a flood of windows keeps it for as long as it
    may: with Python's own 5 ms, the median of alerts took twice as long at half of the top rate.
    """
    sys.setswitchinterval(SWITCH_S)


def _seek_cycles_seldom(beds: int) -> None:
    """Let Python look for garbage in cycles less often: the memory of the beds has no cycles.

    To look through the memory of 10,000 beds takes a third of the time of their windows. That it
    grows while their first windows come is no reason to look.
    """
    gc.freeze()
    gc.set_threshold(SELDOM + OF_A_BED * beds, *gc.get_threshold()[1:])


def _answered_in_app(inbox: Puts, now_ms: Callable[[], int], channel: str, delivery: int) -> None:
    """Queue an acknowledgement that a person gave in the push service's own app."""
    claims = LinkClaims(TargetKind.DELIVERY, delivery, Action.SEEN, 0, 0)
    inbox.put(ActionRequested(claims, b"", channel, now_ms(), lambda _outcome: None))
