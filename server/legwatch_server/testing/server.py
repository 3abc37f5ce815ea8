"""The server's own parts wired as `legwatch server` wires them, but driven by the test."""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from legwatch.alerting.notice import as_json
from legwatch.contract.press import Press, encode_press
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import WINDOW_MS, live_window
from legwatch_runtime.testing import FakeClock
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.silence import Silence
from legwatch_server.beds.status import Status
from legwatch_server.claims import LinkClaims
from legwatch_server.inbox import (
    ActionRequested,
    Arrived,
    Message,
    Outcome,
    Request,
    SettingsChanged,
    named,
)
from legwatch_server.ingest.decode import decode
from legwatch_server.notify.channels import Notifier
from legwatch_server.notify.outbox import Calls, Outbox, Patience
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.reach import Reach
from legwatch_server.notify.render import Renderer
from legwatch_server.notify.shown_instead import ShownInstead
from legwatch_server.publish.mqtt import MqttPublisher
from legwatch_server.publish.rules import RulesPublisher
from legwatch_server.settings import ServerSettings
from legwatch_server.store.connection import connect_read_only
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.delivery import NEVER_MS
from legwatch_server.store.port import OutboxStore
from legwatch_server.store.reader import FILE
from legwatch_server.store.records import StoredNotice
from legwatch_server.testing.fakes import MINUTE_MS, FakeBroker, FakeChannel, PushLog
from legwatch_server.timeline import Timeline
from legwatch_server.waiting import Waiting

MOST_NOTICES = 100_000  # more than any test stores
# What a bed's sensors see in a minute since the beginning: fields of a Window.
Look = Callable[[float], dict[str, Any]]


class InProcessServer:
    """One server in the test's own thread, with a FakeChannel for every channel in the settings.

    Nothing happens by itself: `turn` takes messages in, `settle` sends the pushes that are due, and
    time goes by in `play` and `run_to`, or when the test moves `clock`.
    """

    def __init__(
        self, folder: Path, settings: ServerSettings, *, begin_ms: int, key: bytes = b"key"
    ) -> None:
        self.path = folder / FILE
        self.settings, self.key = settings, key
        self.begin_ms, self.clock = begin_ms, FakeClock(begin_ms)
        self.pushes = PushLog(self.clock)
        self.channels = {name: FakeChannel(name, self.pushes) for name in settings.channel_names()}
        self.woken = 0  # how often the outboxes were told of new work
        self._seen = -1  # how often they had been told when they last had no work
        self._dues_ms: list[int] = []  # when each of them has work again
        self.answered_in_app: list[int] = []  # deliveries; the test passes the answers on
        self._number = 0
        self.start()

    def start(self, suspects: Suspects | None = None) -> None:
        """Start, or start again after `close`, on the same database."""
        clock = self.clock
        self.timeline = Timeline(clock, boot=clock.boot, awaits_time=lambda: not clock.is_synced)
        # There is no power cut here.
        self.store = SqliteStore(self.path, durable=False, utc_ms=self.timeline.now_ms)
        self.unit = UnitOfWork(
            self.store, self.settings.rules_of, self.settings.plays, self.clock.instant
        )
        self.broker, self.status, self.stopping = FakeBroker(), Status(), threading.Event()
        self.reach = Reach(self.clock.instant)
        self.reach.use(self.settings.everybody())
        self.silence = Silence(
            self.broker, self.unit.beds.values, self.reach, self.status, self.clock.instant
        )
        self.unit.decisions.no_broker = self.silence.has_no_broker
        self.inbox = Waiting()
        self.loop = WriterLoop(
            store=self.store,
            unit=self.unit,
            transport=self.broker,
            listeners=[
                MqttPublisher(self.broker, self.clock.instant),
                RulesPublisher(self.broker, self.clock.instant),
            ],
            inbox=self.inbox,
            timeline=self.timeline,
            settings=self.settings,
            wake=self._wake,
            status=self.status,
            stopping=self.stopping,
            suspects=suspects,
            silence=self.silence.facts,
            connected=self.broker.connected,
        )
        self.outboxes: dict[str, Outbox] = {}
        self._outbox_stores: dict[str, OutboxStore] = {}
        for name, channel in self.channels.items():
            self.use_channel(name, channel)
        self.loop.begin()

    def close(self) -> None:
        """End as a crash does: what is not committed is lost."""
        for opened in self._outbox_stores.values():
            opened.close()
        self.store.close()

    def restart(self, suspects: Suspects | None = None) -> None:
        """Close, and start on the same database."""
        self.close()
        self.start(suspects)

    def use_channel(self, name: str, notifier: Notifier) -> None:
        """Send by this notifier from now on; `start` goes back to the FakeChannel."""
        if name not in self._outbox_stores:
            self._outbox_stores[name] = self.store.outbox(name)
        self._seen = -1
        self.outboxes[name] = Outbox(
            self._outbox_stores[name],
            name,
            notifier,
            Patience(self.settings.push.give_up_h),
            Calls(
                render=Renderer(self.settings, self.key, self.silence.has_no_broker),
                answered=self.answered_in_app.append,
                now_ms=self.timeline.now_ms,
                reach=self.reach,
                instead=ShownInstead(DeliveryPlanner(self.settings)),
            ),
        )

    def take_over(self, settings: ServerSettings) -> None:
        """Let new settings come, as a running server takes them over."""
        self.settings = settings
        self.reach.use(settings.everybody())
        self.turn([SettingsChanged(settings)])
        for name in settings.channel_names():
            self.channels.setdefault(name, FakeChannel(name, self.pushes))
            self.use_channel(name, self.channels[name])

    def message(
        self, name: str, payload: bytes, *, arrived_ms: int | None = None, retained: bool = False
    ) -> Arrived:
        """Return a message of the broker on the topic `name`, decoded; it arrives now."""
        self._number += 1
        now_ms, moved_ms = self.timeline.stamp()
        at_ms = now_ms if arrived_ms is None else arrived_ms
        return decode(
            Message(name, payload, at_ms, self._number, retained, moved_ms, named(name, payload))
        )

    def turn(self, requests: Sequence[Request] = ()) -> None:
        """Let messages arrive; no push is sent yet."""
        self.loop.turn(requests)

    def feed(self, bed: str, minute: int, look: Look) -> None:
        """Let the six live windows of one minute arrive; no push is sent yet."""
        arrivals = []
        for seq in range(minute * 6 + 1, minute * 6 + 7):
            to_ms = self.begin_ms + seq * WINDOW_MS
            payload = encode_window(live_window(seq, to_ms, **look(seq / 6)))
            name = topic(bed, Channel.WINDOW)
            arrivals.append(self.message(name, payload, arrived_ms=to_ms))
        self.turn(arrivals)

    def press(self, bed: str, press: Press) -> None:
        """Let a press of the button arrive now, and send the pushes that follow."""
        self.turn([self.message(topic(bed, Channel.EVENT), encode_press(press))])
        self.settle()

    def answer(self, claims: LinkClaims, token: bytes = b"", via: str = "link") -> Outcome:
        """Let an answer come in, and send the pushes that follow."""
        outcomes: list[Outcome] = []
        self.turn([ActionRequested(claims, token, via, self.timeline.now_ms(), outcomes.append)])
        self.settle()
        return outcomes[0]

    @property
    def minute(self) -> float:
        """Minutes since the beginning."""
        return self.pushes.minute

    def play(self, bed: str, minutes: int, look: Look) -> None:
        """Let live minutes go by: six windows each, and every push at its own time."""
        for _ in range(minutes):
            minute = int(self.minute)
            self._go_to(self.timeline.now_ms() + MINUTE_MS)
            self.feed(bed, minute, look)
            self._settle_due()

    def play_until_loud(self, bed: str, look: Look, most: int = 240) -> None:
        """Play until a loud push arrives; raises AssertionError after `most` minutes."""
        for _ in range(most):
            if self.notified("loud"):
                return
            self.play(bed, 1, look)
        raise AssertionError(f"no loud push in {most} minutes")

    def run_to(self, to_ms: int) -> None:
        """Let time come to `to_ms`; each push goes out when it is due."""
        self.settle()
        self._go_to(to_ms)

    def _go_to(self, to_ms: int) -> None:
        while True:
            self._settle_due()
            now_ms = self.timeline.now_ms()
            due_ms = min((at_ms for at_ms in self._dues_ms if at_ms > now_ms), default=NEVER_MS)
            next_ms = min(due_ms, now_ms + MINUTE_MS)
            if next_ms >= to_ms:
                break
            self.clock.advance(next_ms - now_ms)
            if next_ms < due_ms:
                self.turn()  # a server that does not turn for long takes itself for asleep
        self.clock.advance(to_ms - self.timeline.now_ms())
        self.turn()
        self._settle_due()

    def idle(self, ms: int) -> None:
        """Let time go by in which no message comes, with a turn every minute; nothing is sent."""
        end_ms = self.clock.up_ms + ms
        while self.clock.up_ms < end_ms:
            self.clock.advance(min(MINUTE_MS, end_ms - self.clock.up_ms))
            self.turn()

    def settle(self) -> None:
        """Send all that is due now, and wait for the answers of the channels."""
        busy = True
        while busy:
            busy = False
            for outbox in self.outboxes.values():
                while outbox.turn(5.0 if outbox.busy else 0.0) == 0.0 or outbox.busy:
                    busy = True
        self._seen = self.woken
        self._dues_ms = [outbox.next_ms() for outbox in self.outboxes.values()]

    def _settle_due(self) -> None:
        """Send what is due, as a channel's thread does: when told of new work, or in its time."""
        if (
            self._seen != self.woken
            or min(self._dues_ms, default=NEVER_MS) <= self.timeline.now_ms()
        ):
            self.settle()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database, over a connection of its own."""
        with closing(connect_read_only(self.path)) as db:
            return db.execute(sql, values).fetchall()

    def transitions(self, kind: str = "cold") -> list[str]:
        """Return what became of the alerts of a kind, as it is stored."""
        found = (stored.notice for stored in self.notices())
        return [notice.transition.value for notice in found if notice.kind == kind]

    def notices(self) -> list[StoredNotice]:
        """Return all stored notices."""
        with self.store.reader() as reader:
            return reader.notices_after(0, MOST_NOTICES)

    def lines(self) -> list[str]:
        """Return every stored notice as `legwatch replay --format jsonl` writes it."""
        return [as_json(one.notice, bed=one.bed, text=one.text) for one in self.notices()]

    def notified(self, *purposes: str) -> list[tuple[float, str, str, str]]:
        """Return (minute, address, purpose, transition) of every push that arrived."""
        return [
            (minute, push.to, push.purpose.value, push.transition.value)
            for minute, _, push in self.pushes.arrived
            if not purposes or push.purpose in purposes
        ]

    def _wake(self) -> None:
        self.woken += 1
