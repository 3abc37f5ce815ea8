"""A server and three bedsides in one process, each on a machine whose clock can go wrong.

The campaign alone knows the right time: it moves every machine's clocks by 10 s, lets the agents
measure, carries their messages, and lets server and outbox take their turns.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from campaigns.clock_rows import EPOCH, MINUTE_S, SLEEP, STEPS_S, Row
from legwatch.contract.confirmation import decode_stored
from legwatch.contract.topics import Channel, topic
from legwatch.events import ClockTrust, Window
from legwatch.settings import load
from legwatch.testing import ms, uncovering
from legwatch_device.broker_link import LinkUp
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent
from legwatch_runtime.clock import EARLIEST_MS
from legwatch_runtime.testing import FakeClock
from legwatch_server.publish.deadman import DeadManSwitch
from legwatch_server.settings import HeartbeatTable, ServerSettings
from legwatch_server.testing import InProcessServer
from server.service import Service

BEGIN_MS = ms("2026-01-02T22:00Z")  # two hours into the night
TURN_S = 10
CUT_AT_S, CUT_S = 10 * MINUTE_S, 5 * MINUTE_S  # the power cut of the rows `start`
STEP_AT_S = 20 * MINUTE_S
DIES_AT_S = 30 * MINUTE_S  # one bedside; another sleeper's legs are uncovered then
SILENCE_AT_S = 35 * MINUTE_S
ALL_DIE_AT_S = 80 * MINUTE_S
END_S = 86 * MINUTE_S
WILL_S = 45  # after so long the broker says that a dead bedside is gone
BEDS = ("dies", "cold", "well")
SETTINGS: dict[str, Any] = {
    "zone": "UTC",
    "rules": {"alerts.learn_nights": 0, "warmth.early_s": 0, "warmth.change_sure": 1.0},
    "rehearsal": {"at": ""},
    "people": {
        "anna": {"role": "sleeper", "channels": ["phone"]},
        "bert": {"role": "carer", "channels": ["pager"]},
    },
}


class Arrival(NamedTuple):
    """A push with a sound, by the right time."""

    at_s: int
    bed: str
    channel: str
    decided_s: int  # when its bed got the notice before it


class Lived(NamedTuple):
    """What came of one row."""

    pushes: tuple[Arrival, ...]
    last_beat_s: int  # by the right time; -1: none
    clock_wrong: int
    quarantined: int


class Machine:
    """A machine's clocks, and how wrong its wall clock is."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.wrong_ms = clock, 0

    def go(self, seconds: int) -> None:
        """Let time go by; it goes by in a machine that sleeps, too."""
        self.clock.advance(seconds * 1000)
        self.clock.is_synced = self.clock.now_ms >= EARLIEST_MS

    def step(self, by_ms: int) -> None:
        """Set the wall clock, and nothing else."""
        self.clock.step(by_ms)
        self.wrong_ms += by_ms
        self.clock.is_synced = self.clock.now_ms >= EARLIEST_MS


class Bedside:
    """One bed with its agent; `spool` survives a start of the machine."""

    def __init__(self, bed: str) -> None:
        self.bed, self.spool, self.starts = bed, Spool(":memory:"), 0
        self.outbox: list[tuple[Channel, bytes]] = []
        self.started(BEGIN_MS)

    def started(self, now_ms: int) -> None:
        """Start the machine."""
        self.starts += 1
        self.agent = InProcessAgent(self.spool, boot=f"{self.starts:08x}")
        self.machine = Machine(self.agent.clock)
        self.agent.clock.now_ms, self.agent.clock.up_ms = now_ms, 30_000
        self.on = self.awake = True

    def measure(self, leg_c: float) -> None:
        """Make the window that ends now, and send it."""
        clock = self.agent.clock
        trust = ClockTrust.SYNCED if clock.synced() else ClockTrust.UNSYNCED
        to_ms = clock.now_ms
        window = Window("", 0, to_ms - TURN_S * 1000, to_ms, clock.up_ms, trust.value)
        seen: dict[str, Any] = {"leg_c": leg_c, "room_c": 18.0, "moves": 0, "in_bed": True}
        self.agent.turn(window._replace(**seen))
        self.post()

    def post(self) -> None:
        """Take over what the agent has sent."""
        self.outbox += [(message.channel, message.payload) for message in self.agent.link.sent]
        self.agent.link.sent.clear()

    def take(self) -> list[tuple[Channel, bytes]]:
        """Return what waits at the broker, once."""
        waiting, self.outbox = self.outbox, []
        return waiting


class ClockHouse:
    """One row of the campaign."""

    def __init__(self, folder: Path, watcher: Service) -> None:
        settings = load(ServerSettings, SETTINGS)
        self.now_s, self._watcher = 0, watcher
        self.server = InProcessServer(folder, settings, begin_ms=BEGIN_MS)
        self.machine = Machine(self.server.clock)
        self.bedsides = {bed: Bedside(bed) for bed in BEDS}
        self.on = self.awake = True
        self.legs = uncovering((DIES_AT_S / 60, 999))
        self._pushes: list[Arrival] = []
        self._decided: dict[str, int] = {}
        self._seen = self._notices = 0
        self._last_beat_s = -1
        self._connect()

    def live(self, row: Row | None, due_at_s: int = 0) -> Lived:
        """Live through the night of a row; None: all clocks are right."""
        moments = _moments(row, due_at_s) if row else {}
        self._do(moments.get(0, ()), row)
        while self.now_s < END_S:
            self._turn()
            self._do(moments.get(self.now_s, ()), row)
        counters = self.server.unit.counters
        lived = Lived(
            tuple(self._pushes), self._last_beat_s, counters.clock_wrong, counters.quarantined
        )
        if self.on:
            self.server.close()
        for bedside in self.bedsides.values():
            bedside.spool.close()
        return lived

    def _do(self, deeds: Iterable[str], row: Row | None) -> None:
        for deed in deeds:
            assert row is not None
            if row.side == "server":
                self._do_server(deed, row)
            else:
                for bedside in self.bedsides.values():
                    self._do_agent(bedside, deed, row)

    def _do_server(self, deed: str, row: Row) -> None:
        match deed:
            case "off":
                self.server.close()
                self.on = False
                for bedside in self.bedsides.values():
                    bedside.agent.link.up = False
            case "on":
                _wrong(self.machine, row)
                self.server.clock.up_ms = 30_000
                self.server.start()
                self.on = True
                self._connect()
            case "first":
                self.server.close()
                _wrong(self.machine, row)
                self.server.start()
                self._connect()
            case _:
                self.awake = _turned(self.machine, deed, row, awake=self.awake)

    def _do_agent(self, bedside: Bedside, deed: str, row: Row) -> None:
        match deed:
            case "off":
                bedside.on = False
            case "on" | "first":
                bedside.started(BEGIN_MS + self.now_s * 1000)
                _wrong(bedside.machine, row)
                bedside.agent.turn(LinkUp(2))
            case _:
                bedside.awake = _turned(bedside.machine, deed, row, awake=bedside.awake)

    def _connect(self) -> None:
        for bedside in self.bedsides.values():
            if bedside.on:
                bedside.agent.turn(LinkUp(1))
                bedside.post()

    def _turn(self) -> None:
        self.now_s += TURN_S
        self.machine.go(TURN_S)
        for bedside in self.bedsides.values():
            self._measure(bedside)
        if not (self.on and self.awake):
            return
        for bedside in self.bedsides.values():
            sent = [
                self.server.message(topic(bedside.bed, channel), payload)
                for channel, payload in bedside.take()
            ]
            self.server.turn(sent)
        self.server.turn()
        self._note_decisions()
        self.server.settle()
        self._note_pushes()
        self._confirm()
        if self.now_s % MINUTE_S == 0:
            self._beat()

    def _measure(self, bedside: Bedside) -> None:
        died_s = DIES_AT_S if bedside.bed == "dies" else ALL_DIE_AT_S
        bedside.machine.go(TURN_S)
        if self.now_s == died_s + WILL_S // TURN_S * TURN_S:
            bedside.outbox.append((Channel.STATUS, b"offline"))
        if self.now_s > died_s or not (bedside.on and bedside.awake):
            return
        minute = self.now_s / MINUTE_S
        warm = uncovering()(minute)
        leg_c = self.legs(minute) if bedside.bed == "cold" else warm
        assert leg_c is not None
        bedside.measure(leg_c)

    def _confirm(self) -> None:
        for message in self.server.broker.published:
            bed, channel = message.topic.split("/")[2:4]
            bedside = self.bedsides[bed]
            if channel == "stored" and bedside.on and bedside.awake:
                bedside.agent.turn(decode_stored(message.payload))
        self.server.broker.published.clear()

    def _note_decisions(self) -> None:
        sql = "SELECT n.id, b.name FROM notices n JOIN beds b ON b.id = n.bed_id WHERE n.id>?"
        for ident, bed in self.server.rows(sql, self._notices):
            self._decided[bed] = self.now_s
            self._notices = max(self._notices, ident)

    def _note_pushes(self) -> None:
        arrived = self.server.pushes.arrived[self._seen :]
        self._seen += len(arrived)
        for _, channel, push in arrived:
            if push.purpose == "loud":
                decided_s = self._decided.get(push.bed, -1)
                self._pushes.append(Arrival(self.now_s, push.bed, channel, decided_s))

    def _beat(self) -> None:
        before = len(self._watcher.asked)
        self._heartbeat().beat()
        if len(self._watcher.asked) > before:
            self._last_beat_s = self.now_s

    def _heartbeat(self) -> DeadManSwitch:
        server = self.server
        return DeadManSwitch(
            HeartbeatTable(url=self._watcher.url),
            lambda: server.status.now().well,
            server.clock.instant,
        )


def _moments(row: Row, due_at_s: int) -> dict[int, list[str]]:
    """Return what happens when."""
    found: dict[int, list[str]] = {}
    match row.when:
        case "first":
            begun_s, deed = 0, "first"
        case "start":
            found[CUT_AT_S] = ["off"]
            begun_s, deed = CUT_AT_S + CUT_S, "on"
        case "run":
            begun_s, deed = STEP_AT_S, "wrong"
        case "silence":
            begun_s, deed = SILENCE_AT_S, "wrong"
        case _:
            begun_s, deed = due_at_s, "wrong"
    found[begun_s] = [deed]
    found.setdefault(begun_s + row.lasts_s, []).append("right")
    return found


def _turned(machine: Machine, deed: str, row: Row, *, awake: bool) -> bool:
    """Step the clock or put it right again; return whether the machine is awake."""
    if row.step == SLEEP:
        return deed == "right"
    if deed == "wrong":
        _wrong(machine, row)
    else:
        machine.step(-machine.wrong_ms)
    return awake


def _wrong(machine: Machine, row: Row) -> None:
    if row.step == EPOCH:
        machine.step(45_000 - machine.clock.now_ms)
    else:
        machine.step((STEPS_S[row.step] or 0) * 1000)
