"""The loop of the writer thread: gather, decide, commit, and only then publish and notify."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from legwatch.alerting.trial_nights import is_over
from legwatch_runtime.clock import Instant
from legwatch_server.beds.agents import log_zone
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.clock_watch import ClockWatch
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.expected import expectations
from legwatch_server.beds.placement import unplaced
from legwatch_server.beds.settings_record import SettingsRecord
from legwatch_server.beds.status import Status
from legwatch_server.beds.writer import Confirms, Writer
from legwatch_server.inbox import (
    AgentUnseen,
    BedRests,
    Connected,
    Request,
    ServerFact,
    SettingsChanged,
    SettingsLoaded,
    SettingsRefused,
    WindowArrived,
    Work,
    renewed,
)
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.recovery import recover, replan
from legwatch_server.notify.rehearsal import TrialEnd, plan_evening, rehearse
from legwatch_server.publish.port import Committed, Listener
from legwatch_server.rest import Rest, Rests
from legwatch_server.settings import ServerSettings
from legwatch_server.store.errors import StoreError
from legwatch_server.store.port import WriterStore
from legwatch_server.timeline import Timeline
from legwatch_server.waiting import Waiting

logger = logging.getLogger(__name__)
T = TypeVar("T")
_OF_SETTINGS = (SettingsLoaded, SettingsRefused)
_NO_WORK = (Connected, SettingsChanged, SettingsLoaded, SettingsRefused)

MOST = 2000  # messages in one transaction; with 1000, a window at 100 beds took 3 us more
LONGEST_WAIT_S = 1.0
SILENCE_LOOK_S = 20.0
LULL_S = 0.2  # without a window: a queue at the broker is empty
LONGEST_LULL_S = 1.0
LULL_AGAIN_S = 60.0  # whoever sends such windows all the time must not delay the other beds
LISTEN_S = 0.25  # the longest time between two turns of the listeners while windows wait
EVENING_LOOK_S = 60.0
ASLEEP_S = 90.0  # no turn for so long: the machine slept, or the process was stopped
NEAR_MS = 10_000  # what arrived so near to the ends of the gap may have waited in the machine
AWAY_S = 90.0  # after that: until the connection to the broker is back and its windows have come


class WriterLoop:
    """Runs until the inbox delivers a None."""

    def __init__(
        self,
        *,
        store: WriterStore,
        unit: UnitOfWork,
        transport: Confirms,
        listeners: Sequence[Listener],
        inbox: Waiting,
        timeline: Timeline,
        settings: ServerSettings,
        wake: Callable[[], None],
        status: Status,
        stopping: threading.Event | None = None,
        suspects: Suspects | None = None,
        turned: Callable[[], None] = lambda: None,
        silence: Callable[[], Sequence[ServerFact]] = list,
        connected: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._unit, self._inbox, self._listeners = store, unit, inbox, listeners
        self._settings, self._planner = settings, DeliveryPlanner(settings)
        self._wake, self._timeline, self._turned = wake, timeline, turned
        self._silence, self._connected = silence, connected
        self._looked: Instant | None = None  # for silence
        self._lull: Instant | None = None  # the turn that waited last for the end of a queue
        self._evening: Instant | None = None  # of the last look for the rehearsal
        self._last_turn = timeline.instant()
        self.clock = ClockWatch(store, unit, timeline)
        self.clock.trusts_machine = settings.clock == "trusted"
        self._resumed, self._followed = False, True
        self._rests = Rests(settings)
        unit.rules.rests = self._rests.at(timeline.now_ms())
        self._expected = expectations(settings, unit.beds.values(), unit.rules.rests)
        self._resting: Sequence[BedRests] = self._apart()
        self._writer = Writer(
            store,
            unit,
            transport,
            planner=self._planner,
            wake=wake,
            heard=self._hear,
            status=status,
            suspects=suspects or Suspects(),
            stopping=stopping or threading.Event(),
            timeline=timeline,
            note=self.clock.note,
            turned=turned,
        )
        self._record = SettingsRecord(store, timeline)
        self._listened = timeline.instant()
        self._more = False  # whether a listener has more to do

    def begin(self) -> None:
        """Recover the outbox before the first notification; `turn` tries again after an error."""
        if self._resting and self._writer.write(self._resting):
            self._resting = []  # what stands of these beds is over: it is not to be told now
        try:
            recover(
                self._store,
                self._planner,
                self._unit.beds.values(),
                self._timeline.now_ms(),
                rebooted=self.clock.has_rebooted,
            )
            self._resumed = True
        except StoreError as error:
            logger.warning("could not recover the outbox, trying again: %s", error)

    def run(self) -> None:
        """Run until a None arrives; commit everything that arrived before the None."""
        while True:
            self._turned()
            requests, stop = self._gather()
            self.turn(requests)
            if stop:
                self.finish()
                return

    def finish(self) -> None:
        """Store what is only in memory, so that the next start has nothing to catch up with."""
        self._writer.store_all()
        self._record.end()

    def _hear_settings(self, requests: Sequence[Request]) -> tuple[Sequence[Work], bool]:
        """Follow new settings; return the work, and whether the broker has just come back."""
        if set(map(type, requests)).isdisjoint(_NO_WORK):
            return cast("Sequence[Work]", requests), False  # as in most turns
        for request in requests:
            if isinstance(request, SettingsChanged):
                self._use(request.settings)
            elif isinstance(request, _OF_SETTINGS):
                self._record.hear(request)
        connected = any(isinstance(request, Connected) for request in requests)
        return [request for request in requests if not isinstance(request, _NO_WORK)], connected

    def turn(self, requests: Sequence[Request]) -> None:
        """Commit one batch, then publish; while the disk fails, wait and drop nothing."""
        if not self._resumed:
            self.begin()
        self._look_at_clocks(requests)
        work, connected = self._hear_settings(requests)
        self._follow()
        moved_ms = self._timeline.moved_ms
        arrived = [renewed(one, moved_ms) for one in work]
        if self.clock.hear(arrived):
            self._after_step()
        self._look_for_rest()
        first = [*self._unseen(connected=connected), *self._resting, *self._expected]
        coming = [*first, *self._facts(), *arrived]
        if connected:
            self._repeat()
        if not self._writer.write(coming):
            return  # the transport brings the unconfirmed messages again
        self._expected, self._resting = [], []
        self._listen()
        self._rehearse()
        self._record.turn()

    def _listen(self) -> None:
        """Let the listeners do what waits; while windows wait, only now and then."""
        now = self._timeline.instant()
        if self._inbox.count() and now.since(self._listened) < LISTEN_S:
            self._more = True
            return
        self._listened = now
        self._more = any([_safely(listener.turn) for listener in self._listeners])  # noqa: C419 - every listener has its turn

    def _look_for_rest(self) -> None:
        """Find out whether a pause has begun or ended, by the settings or by the time."""
        found = self._rests.at(self._timeline.now_ms())
        if found != self._unit.rules.rests:
            self._unit.rules.rests = found
            self._resting = self._apart()
            self._expected = expectations(self._settings, self._unit.beds.values(), found)

    def _apart(self) -> Sequence[BedRests]:
        """Return the beds that are watched against the settings, or not watched against them."""
        rests, beds = self._unit.rules.rests, self._unit.beds.values()
        wanted = [(bed, rests.get(bed.name, Rest.WATCHED)) for bed in beds]
        return [BedRests(bed.name, rest) for bed, rest in wanted if bed.rest is not rest]

    def _unseen(self, *, connected: bool) -> Sequence[AgentUnseen]:
        """Note whether there is a broker; when it is back, return the beds whose agent is off.

        `connected`: it has just come back.
        """
        excuses = self._unit.excuses
        was_deaf, excuses.deaf = excuses.deaf, not self._connected()
        back = was_deaf and not excuses.deaf
        if not (back or connected):
            return []
        beds = self._unit.beds.values()
        return [AgentUnseen(bed.name) for bed in beds if bed.bedside.gone_ms]

    def _facts(self) -> Sequence[ServerFact]:
        """Return what is silent about the whole server; look a few times a minute."""
        now = self._timeline.instant()
        if self._looked is not None and now.since(self._looked) < SILENCE_LOOK_S:
            return []
        self._looked = now
        return self._silence()

    def _look_at_clocks(self, requests: Sequence[Request]) -> None:
        """Follow a wall clock that was set; after a sleep, let windows come before any judgement.

        While the machine sleeps, or the process is stopped, nothing can arrive: that a bedside is
        silent then is no fault of its own. This thread alone may have waited, too, for a slow disk:
        then the others have gone on, and what they received is here.
        """
        if self.clock.look():
            self._after_step()
        now = self._timeline.instant()
        gap_s = now.since(self._last_turn)
        if gap_s > ASLEEP_S and not self._received_in(gap_s, requests):
            logger.warning("this server was asleep for %.0f s", gap_s)
            until_ms = self._timeline.now_ms() + int(AWAY_S * 1000)
            excuses = self._unit.excuses
            excuses.all_ms = max(excuses.all_ms, until_ms)
            self._looked = now.after(AWAY_S)  # for silence: what waits comes first
        self._last_turn = now

    def _received_in(self, gap_s: float, requests: Sequence[Request]) -> bool:
        """Return True if the broker's thread has received something well within the gap."""
        to_ms = self._timeline.now_ms() - NEAR_MS
        from_ms = to_ms + 2 * NEAR_MS - int(gap_s * 1000)
        windows = (work for work in requests if isinstance(work, WindowArrived))
        return any(from_ms < work.message.arrived_ms < to_ms for work in windows)

    def _after_step(self) -> None:
        """Find out anew what is due when."""
        self._writer.expect_all()
        self._evening = None
        self._wake()

    def _use(self, settings: ServerSettings) -> None:
        """Judge and notify by new settings, from the next window on."""
        self._settings, self._planner = settings, DeliveryPlanner(settings)
        self._unit.rules.use(settings.rules_of, settings.plays)
        for bed in self._unit.beds.values():  # its zone may be a new one
            log_zone(bed)
        self.clock.trusts_machine = settings.clock == "trusted"
        self._writer.planner = self._planner
        self._evening, self._followed = None, False
        self._rests = Rests(settings)
        self._expected = expectations(settings, self._unit.beds.values(), self._unit.rules.rests)

    def _follow(self) -> None:
        """Let open plans follow new settings; `turn` tries again after an error."""
        if self._followed:
            return
        try:
            replan(self._store, self._planner, self._unit.beds.values(), self._timeline.now_ms())
            self._followed = True
            self._wake()
        except StoreError as error:
            logger.warning("could not plan by the new settings, trying again: %s", error)

    def _rehearse(self) -> None:
        """Plan the evening's rehearsal when it is due; check once a minute."""
        now, now_ms = self._timeline.instant(), self._timeline.now_ms()
        if self._evening is not None and now.since(self._evening) < EVENING_LOOK_S:
            return
        self._evening = now
        try:
            planned = plan_evening(
                self._settings, now_ms, self._store.rehearsed(), self._trial_ends()
            )
            if planned is not None:
                rehearse(self._store, planned, now_ms)
                self._wake()
        except StoreError as error:
            logger.warning("could not plan the rehearsal, trying again: %s", error)

    def _trial_ends(self) -> list[TrialEnd]:
        """Return the beds whose trial nights are over and whose people do not know yet."""
        announced = self._store.trial_ends_announced()
        return [
            TrialEnd(bed.id, bed.name)
            for bed in self._unit.beds.values()
            if bed.rest is Rest.WATCHED
            and bed.id not in announced
            and is_over(bed.state.bed.trial, bed.rules)
        ]

    def _gather(self) -> tuple[list[Request], bool]:
        wait_s = self._writer.wait_s(LONGEST_WAIT_S)
        if self._more:
            wait_s = min(wait_s, 0.05)
        found: list[Request] = []
        begun = self._timeline.instant()
        while True:
            more, stop = self._inbox.take(max(0.0, wait_s), MOST - len(found))
            found += more
            if stop or len(found) >= MOST or not self._may_lull(begun, more):
                return found, stop
            # Windows of a queue come one after the other; the last one says when the others were.
            wait_s = LULL_S

    def _may_lull(self, begun: Instant, more: Sequence[Request]) -> bool:
        """Return True if the windows behind these say when they were measured."""
        if self._timeline.instant().since(begun) > LONGEST_LULL_S:
            return False
        if self.clock.asks and any(isinstance(request, WindowArrived) for request in more):
            return True
        if not any(unplaced(self._unit.beds, request) for request in more):
            return False
        if self._lull is None or begun.since(self._lull) >= LULL_AGAIN_S:
            self._lull = begun
        return self._lull == begun

    def _hear(self, committed: Committed) -> None:
        for listener in self._listeners:
            _safely(listener.hear, committed)

    def _repeat(self) -> None:
        beds = [bed.update() for bed in self._unit.beds.values()]
        for listener in self._listeners:
            _safely(listener.repeat, beds)


def _safely(call: Callable[..., T], *words: object) -> T | None:
    """Call a listener; a fault of one listener must not stop the watch. None after a fault."""
    try:
        return call(*words)
    except Exception:
        logger.exception("a listener failed: %s", call)
        return None
