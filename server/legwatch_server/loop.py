"""The one thread that owns every bed: take in, decide, commit, and only then tell anybody."""

import heapq
import json
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from legwatch import engine
from legwatch.events import Kind
from legwatch.learning import has_learned
from legwatch.notice import iso
from legwatch.topics import Channel, topic
from legwatch.wire import VERSION, encode_stored
from legwatch_server.answer import Answered
from legwatch_server.ingest import Arrival, Connected, Message
from legwatch_server.intake import Intake
from legwatch_server.known import Bed, Boot
from legwatch_server.pulse import Pulse
from legwatch_server.rehearsal import Learned, Try
from legwatch_server.store import Store
from legwatch_server.tell import Tell

logger = logging.getLogger(__name__)

MOST = 2000  # messages in one transaction
TICK_LAG_MS = 2000  # a window may be this late on its way without the clock overtaking it
START_MS = (
    180_000  # as old as a window may be to count (alerts.fresh_s): those that waited come first
)
STATES_A_S = 200  # `state` messages are for dashboards: at most so many
CONFIRMATIONS_A_S = 2000
LONGEST_WAIT_S = 1.0
EVENING_LOOK_MS = 60_000
RETRY_S = (0.2, 1.0, 5.0)


Rehearsal = Callable[[int, str, list[Learned]], tuple[str, list[Try]] | None]


class Wire(Protocol):
    """What the owner needs of the broker."""

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these are committed."""

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish."""


class Owner:
    """Runs until a None comes through the queue of arrivals."""

    def __init__(
        self,
        *,
        store: Store,
        intake: Intake,
        wire: Wire,
        arrivals: "queue.SimpleQueue[Arrival | None]",
        tell: Tell,
        rehearsal: Rehearsal = lambda *_: None,
        wake: Callable[[], None],
        pulse: Pulse,
        stopping: threading.Event | None = None,
        utc_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._store, self._intake, self._wire, self._arrivals = store, intake, wire, arrivals
        self._tell, self._wake, self._pulse, self._utc_ms = tell, wake, pulse, utc_ms
        self._rehearsal, self._evening_ms = rehearsal, 0
        self._stopping = stopping or threading.Event()
        self._resumed = False
        self._started_ms = utc_ms()
        intake.away_ms = self._started_ms + START_MS
        self._due: list[tuple[int, str]] = []
        self._unconfirmed: dict[int, tuple[Bed, Boot]] = {}
        self._unsaid: dict[str, Bed] = {}
        self._allowance = _Allowance(CONFIRMATIONS_A_S, utc_ms)
        self._states = _Allowance(STATES_A_S, utc_ms)
        for bed in intake.beds.values():
            self._expect(bed)

    def begin(self) -> None:
        """Put the outbox in order; called before anybody is told, and again until it worked."""
        try:
            self._store.resume(self._tell, self._intake.beds.values(), self._utc_ms())
            self._resumed = True
        except sqlite3.Error as error:
            logger.warning("the outbox was not put in order yet: %s", error)

    def run(self) -> None:
        """Work until told to stop; what has arrived before that is still committed."""
        while True:
            arrivals, stop = self._gather()
            self.turn(arrivals)
            if stop:
                return

    def turn(self, arrivals: Sequence[Arrival]) -> None:
        """Take a batch in and commit it; a failing disk is waited for, nothing is dropped."""
        if not self._resumed:
            self.begin()
        messages = [a for a in arrivals if not isinstance(a, Connected)]
        if any(isinstance(a, Connected) for a in arrivals):
            for bed in self._intake.beds.values():
                # Say again what stands, and what does not: a crash may have come before the word.
                bed.alerts = dict.fromkeys(Kind, b"?")
                self._unsaid[bed.name] = bed
        attempt = 0
        while not self._commit(messages, attempt):
            attempt += 1
            if self._stopping.wait(RETRY_S[min(attempt, len(RETRY_S)) - 1]):
                return  # not acknowledged, so the broker sends it again
        self._publish()
        self._rehearse()

    def _rehearse(self) -> None:
        """Begin the evening's try when it is time; looked at once a minute."""
        now_ms = self._utc_ms()
        if now_ms - self._evening_ms < EVENING_LOOK_MS:
            return
        self._evening_ms = now_ms
        try:
            planned = self._rehearsal(now_ms, self._store.rehearsed(), self._learned())
            if planned is not None:
                self._store.rehearse(*planned, now_ms)
                self._wake()
        except sqlite3.Error as error:
            logger.warning("the evening's try was put off: %s", error)

    def _learned(self) -> list[Learned]:
        """Return the beds whose first nights are over, and nobody was told."""
        told = self._store.learned()
        return [
            Learned(bed.id, bed.name)
            for bed in self._intake.beds.values()
            if bed.id not in told and has_learned(bed.state.bed.learning, bed.rules)
        ]

    def _gather(self) -> tuple[list[Arrival], bool]:
        wait_s = LONGEST_WAIT_S
        if self._due:
            due_ms = max(self._due[0][0] + TICK_LAG_MS, self._started_ms + START_MS)
            wait_s = min(wait_s, (due_ms - self._utc_ms()) / 1000)
        if self._unconfirmed:
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

    def _commit(self, messages: list[Message | Answered], attempt: int) -> bool:
        intake, now_ms = self._intake, self._utc_ms()
        begun_s = time.perf_counter()
        intake.begin()
        for message in messages:
            if isinstance(message, Answered):
                intake.answer(message, now_ms)
            else:
                intake.take(message)
        ticked = self._tick(now_ms)
        batch = intake.finish()
        if not (messages or intake.touched):
            return True
        try:
            work = self._store.commit(batch, self._tell, now_ms)
        except sqlite3.Error as error:
            intake.undo()
            for bed in ticked:
                bed.due_queued = False
                self._expect(bed)
            self._pulse.failed(str(error), now_ms)
            if not attempt:
                logger.warning(
                    "the database takes nothing (%s): is the disk full? Nothing is lost; "
                    "trying again",
                    error,
                )
            return False
        if attempt:
            logger.info("the database takes windows again")
        fresh_ms = now_ms if intake.fresh else 0
        self._pulse.committed(time.perf_counter() - begun_s, len(messages), now_ms, fresh_ms)
        if work:
            self._wake()
        self._wire.acknowledge([m for m in messages if isinstance(m, Message)])
        intake.reply()
        self._unconfirmed |= intake.boots
        self._unsaid |= intake.touched
        for bed in intake.touched.values():
            self._expect(bed)
        return True

    def _tick(self, now_ms: int) -> list[Bed]:
        """Let time pass for the real beds whose minute is over; a played bed has its own time."""
        ticked: list[Bed] = []
        if 0 <= now_ms - self._started_ms < START_MS:
            return ticked  # a clock that was set back meanwhile does not make it wait for longer
        while self._due and self._due[0][0] + TICK_LAG_MS <= now_ms:
            _, name = heapq.heappop(self._due)
            bed = self._intake.beds.get(name)
            if bed is None:
                continue
            bed.due_queued = False
            when = engine.due(bed.state, bed.rules)
            if when is not None and not bed.played and when + TICK_LAG_MS <= now_ms:
                self._intake.tick(bed, now_ms - TICK_LAG_MS)
                ticked.append(bed)
            self._expect(bed)
        return ticked

    def _expect(self, bed: Bed) -> None:
        when = engine.due(bed.state, bed.rules)
        if when is not None and not bed.played and not bed.due_queued:
            heapq.heappush(self._due, (when, bed.name))
            bed.due_queued = True

    def _publish(self) -> None:
        for ident in list(self._unconfirmed):
            if not self._allowance.take():
                break
            bed, boot = self._unconfirmed.pop(ident)
            payload = encode_stored(boot.boot, boot.upto)
            self._wire.publish(topic(bed.name, Channel.STORED), payload, qos=0, retain=True)
        for bed in self._unsaid.values():
            minutes = bed.state.bed.sight.minutes
            if minutes == bed.minutes and b"?" not in bed.alerts.values():
                continue
            bed.minutes = minutes
            self._say(bed)
        self._unsaid.clear()

    def _say(self, bed: Bed) -> None:
        seen = engine.view(bed.state, bed.rules)
        if seen is None:
            return
        standing = {alert.kind.value: _alert(alert) for alert in seen.alerts}
        for kind in bed.alerts.keys() | standing.keys():
            payload = standing.get(kind, b"")
            if bed.alerts.get(kind) != payload:
                self._wire.publish(
                    topic(bed.name, Channel.ALERT, kind), payload, qos=1, retain=True
                )
        bed.alerts = standing
        if self._states.take():
            name = topic(bed.name, Channel.STATE)
            self._wire.publish(name, _state(seen), qos=0, retain=False)


class _Allowance:
    """So many a second."""

    def __init__(self, most: int, utc_ms: Callable[[], int]) -> None:
        self._most, self._utc_ms = most, utc_ms
        self._second = self._used = 0

    def take(self) -> bool:
        second = self._utc_ms() // 1000
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self._used <= self._most


def _alert(alert: engine.Alert) -> bytes:
    state = "firing"
    if not alert.judged:
        state = "unknown"
    elif alert.snoozed_until_ms is not None:
        state = "snoozed"
    elif alert.acknowledged:
        state = "acknowledged"
    return _dump(
        {
            "v": VERSION,
            "state": state,
            "level": alert.level.value,
            "since": iso(alert.since_ms),
            "reason": alert.reason.value,
        }
    )


def _state(seen: engine.View) -> bytes:
    return _dump(
        {
            "v": VERSION,
            "at": iso(seen.at_ms),
            "in_bed": seen.in_bed,
            "legs": seen.legs,
            "still_min": None if seen.still_s is None else seen.still_s // 60,
            "leg_c": seen.leg_c,
            "room_c": seen.room_c,
            "cold_in_min": seen.cold_in_min,
        }
    )


def _dump(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
