"""The loop of the writer thread: gather, decide, commit, and only then publish and notify."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from legwatch import engine
from legwatch.alerting.trial_nights import is_over
from legwatch.contract.confirmation import Stored, encode_stored
from legwatch.contract.topics import Channel, topic
from legwatch.events import AlertKind
from legwatch_runtime.clock import utc_ms
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.registry import BedRecord, SequenceTracker
from legwatch_server.beds.status import Status
from legwatch_server.beds.writer import Writer
from legwatch_server.ingest.broker import Arrival, BrokerUp, Message
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.recovery import recover
from legwatch_server.notify.rehearsal import TrialEnd
from legwatch_server.publish.mqtt import alert_payload, state_payload
from legwatch_server.store.database import Store
from legwatch_server.store.deliveries import DeliveryTest

logger = logging.getLogger(__name__)

MOST = 2000  # messages in one transaction
STATES_A_S = 200  # the limit for `state` messages, which only dashboards read
CONFIRMATIONS_A_S = 2000
LONGEST_WAIT_S = 1.0
EVENING_LOOK_MS = 60_000
NO_BOOT = SequenceTracker(0, "00000000", 0)  # for a bed that has sent presses but no windows


Rehearsal = Callable[[int, str, list[TrialEnd]], tuple[str, list[DeliveryTest]] | None]


class Publisher(Protocol):
    """The part of the broker connection that the writer loop uses."""

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these messages are committed."""

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish one message."""


class WriterLoop:
    """Runs until the queue of arrivals delivers a None."""

    def __init__(
        self,
        *,
        store: Store,
        unit: UnitOfWork,
        broker: Publisher,
        arrivals: "queue.SimpleQueue[Arrival | None]",
        planner: DeliveryPlanner,
        rehearsal: Rehearsal = lambda *_: None,
        wake: Callable[[], None],
        status: Status,
        stopping: threading.Event | None = None,
        suspects: Suspects | None = None,
        utc_ms: Callable[[], int] = utc_ms,
    ) -> None:
        self._store, self._unit, self._broker, self._arrivals = store, unit, broker, arrivals
        self._planner, self._wake, self._utc_ms = planner, wake, utc_ms
        self._rehearsal, self._evening_ms = rehearsal, 0
        self._resumed = False
        self._writer = Writer(
            store,
            unit,
            broker,
            planner=planner,
            wake=wake,
            status=status,
            suspects=suspects or Suspects(),
            stopping=stopping or threading.Event(),
            utc_ms=utc_ms,
        )
        self._allowance = _RateLimit(CONFIRMATIONS_A_S, utc_ms)
        self._states = _RateLimit(STATES_A_S, utc_ms)

    def begin(self) -> None:
        """Recover the outbox before the first notification; `turn` tries again after an error."""
        try:
            with self._store.transaction() as db:
                recover(db, self._planner, self._unit.beds.values(), self._utc_ms())
            self._resumed = True
        except sqlite3.Error as error:
            logger.warning("could not recover the outbox, trying again: %s", error)

    def run(self) -> None:
        """Run until a None arrives; commit everything that arrived before the None."""
        while True:
            arrivals, stop = self._gather()
            self.turn(arrivals)
            if stop:
                return

    def turn(self, arrivals: Sequence[Arrival]) -> None:
        """Commit one batch, then publish; while the disk fails, wait and drop nothing."""
        if not self._resumed:
            self.begin()
        messages = [a for a in arrivals if not isinstance(a, BrokerUp)]
        if any(isinstance(a, BrokerUp) for a in arrivals):
            for bed in self._unit.beds.values():
                # Publish all alerts again, firing or not: a crash may have prevented the last time.
                bed.alerts = dict.fromkeys(AlertKind, b"?")
                self._writer.unsaid[bed.name] = bed
        if not self._writer.write(messages):
            return  # the broker sends the unacknowledged messages again
        self._publish()
        self._rehearse()

    def _rehearse(self) -> None:
        """Plan the evening's rehearsal when it is due; check once a minute."""
        now_ms = self._utc_ms()
        if now_ms - self._evening_ms < EVENING_LOOK_MS:
            return
        self._evening_ms = now_ms
        try:
            planned = self._rehearsal(now_ms, self._store.rehearsed(), self._trial_ends())
            if planned is not None:
                self._store.rehearse(*planned, now_ms)
                self._wake()
        except sqlite3.Error as error:
            logger.warning("could not plan the rehearsal, trying again: %s", error)

    def _trial_ends(self) -> list[TrialEnd]:
        """Return the beds whose trial nights are over and whose people do not know yet."""
        announced = self._store.trial_ends_announced()
        return [
            TrialEnd(bed.id, bed.name)
            for bed in self._unit.beds.values()
            if bed.id not in announced and is_over(bed.state.bed.trial, bed.rules)
        ]

    def _gather(self) -> tuple[list[Arrival], bool]:
        wait_s = self._writer.wait_s(LONGEST_WAIT_S)
        if self._writer.unconfirmed or self._writer.pressed:
            wait_s = min(wait_s, 0.05)
        arrivals: list[Arrival] = []
        try:
            first = self._arrivals.get(timeout=max(0.0, wait_s))
            while first is not None:
                arrivals.append(first)
                if len(arrivals) >= MOST:
                    return arrivals, False
                first = self._arrivals.get_nowait()
        except queue.Empty:
            return arrivals, False
        return arrivals, True

    def _publish(self) -> None:
        unconfirmed, unsaid = self._writer.unconfirmed, self._writer.unsaid
        pressed = self._writer.pressed
        for ident in list(unconfirmed):
            if not self._allowance.take():
                break
            self._confirm(*unconfirmed.pop(ident))
        for name in list(pressed):
            if not self._allowance.take():
                break
            bed = pressed.pop(name)
            self._confirm(bed, max(bed.boots.values(), key=lambda boot: boot.id, default=NO_BOOT))
        for bed in unsaid.values():
            minutes = bed.state.minutes
            if minutes == bed.minutes and b"?" not in bed.alerts.values():
                continue
            bed.minutes = minutes
            try:
                self._publish_bed(bed)
            except Exception:  # a fault in one bed must not stop the others
                logger.exception("could not publish the state of bed %s", bed.name)
        unsaid.clear()

    def _confirm(self, bed: BedRecord, boot: SequenceTracker) -> None:
        """Tell a bed's agent which windows and presses are stored; the agent then deletes them."""
        self._writer.pressed.pop(bed.name, None)
        stored = Stored(boot.boot, boot.upto, self._writer.presses(bed))
        name = topic(bed.name, Channel.STORED)
        self._broker.publish(name, encode_stored(stored), qos=0, retain=True)

    def _publish_bed(self, bed: BedRecord) -> None:
        view = engine.view(bed.state)
        if view is None:
            return
        payloads = {alert.kind.value: alert_payload(alert) for alert in view.alerts}
        for kind in bed.alerts.keys() | payloads.keys():
            payload = payloads.get(kind, b"")
            if bed.alerts.get(kind) != payload:
                self._broker.publish(
                    topic(bed.name, Channel.ALERT, kind), payload, qos=1, retain=True
                )
        bed.alerts = payloads
        if self._states.take():
            name = topic(bed.name, Channel.STATE)
            self._broker.publish(name, state_payload(view), qos=0, retain=False)


class _RateLimit:
    """Allows `most` calls a second."""

    def __init__(self, most: int, utc_ms: Callable[[], int]) -> None:
        self._most, self._utc_ms = most, utc_ms
        self._second = self._used = 0

    def take(self) -> bool:
        second = self._utc_ms() // 1000
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self._used <= self._most
