"""A bedside and its server in one process, on one clock, with the broker between them.

The server may be killed: what the bedside sends then waits at the broker. Nothing else is left out:
the agent, its spool, its own engine, the server's writer, store, planner and outboxes are the real
ones. Only the sensors, the lamp and the push services are fakes.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.alerting.notice import TransitionKind
from legwatch.contract.confirmation import decode_stored
from legwatch.contract.event import decode_event
from legwatch.contract.press import Press
from legwatch.contract.told_at_bed import AtBed, ToldAtBed
from legwatch.contract.topics import Channel, topic
from legwatch.events import ClockTrust, Window
from legwatch.settings import load
from legwatch.testing import WINDOW_MS, ms
from legwatch_device.broker_link import LinkUp, RulesGiven
from legwatch_device.spool import Spool
from legwatch_device.testing import FakeSignal, InProcessAgent
from legwatch_runtime.testing import FakeClock
from legwatch_server.inbox import Connected
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer

BED = "anna"
BEGIN = ms("2026-01-02T21:00Z")
MINUTE_MS = 60_000
Look = Callable[[float], dict[str, Any]]
PEOPLE: dict[str, Any] = {
    "anna": {"role": "sleeper", "channels": ["pushover"], "quiet": ["mqtt"]},
    "bert": {"role": "carer", "channels": ["ntfy"]},
}


class Told(NamedTuple):
    """Something that somebody was told, and when."""

    minute: float
    who: str  # a person, or "bed" for what the bedside has done by itself
    how: str  # quiet, loud
    level: str  # of the alert


def settings(**more: Any) -> ServerSettings:
    """Return settings of a bed without trial nights, whose sleeper and carer are on duty."""
    rules = {"alerts.learn_nights": 0, **more.pop("rules", {})}
    table = {
        "zone": "UTC",
        "rehearsal": {"at": ""},
        "push": {
            "pushover": {"token": "a" * 30},
            "ntfy": {"server": "https://ntfy.example"},
        },
        "people": PEOPLE,
        "rules": rules,
        **more,
    }
    return load(ServerSettings, table)


class TimedSignal(FakeSignal):
    """Notes when lamp and buzzer were asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.at: list[tuple[float, str]] = []

    def light(self) -> bool:
        return self._note("light", super().light())

    def sound(self) -> bool:
        return self._note("sound", super().sound())

    def calm(self) -> None:
        super().calm()
        self._note("calm", True)

    def _note(self, what: str, done: bool) -> bool:
        self.at.append(((self._clock.now_ms - BEGIN) / MINUTE_MS, what))
        return done


class SilentHouse:
    """One bed through one night."""

    def __init__(self, folder: Path, look: Look, **more: Any) -> None:
        (folder / "agent").mkdir(parents=True)
        (folder / "server").mkdir()
        self.folder, self.look = folder, look
        self.after_s = more.pop("after_s", 300)
        self.server = InProcessServer(folder / "server", settings(**more), begin_ms=BEGIN)
        self.clock = self.server.clock
        self.up = True
        self.at_broker: list[tuple[str, bytes]] = []  # for the server, while it is away
        self.retained: dict[str, bytes] = {}
        self.by_bed: dict[str, ToldAtBed] = {}  # what the bedside has told by itself
        self.taken = 0  # of what the server has published
        self.boots = 0
        self.spool = Spool(":memory:")  # what it holds outlives the agent
        self.agent = self._agent()
        self._connect()

    def _agent(self) -> InProcessAgent:
        self.boots += 1
        made = InProcessAgent(
            self.spool,
            boot=f"{self.boots:08x}",
            most=50_000,
            clock=self.clock,
            helps=self.folder / "agent",
            after_s=self.after_s,
        )
        self.signal = TimedSignal(self.clock)
        made.beacon.use(self.signal)
        return made

    def close(self) -> None:
        self.agent.agent.close()
        self.spool.close()
        if self.up:
            self.server.close()

    @property
    def minute(self) -> float:
        return (self.clock.now_ms - BEGIN) / MINUTE_MS

    def kill_server(self) -> None:
        self.server.close()
        self.up = False

    def start_server(self) -> None:
        self.server.start()
        self.up, self.taken = True, 0
        self.server.turn([Connected()])
        self._exchange()

    def restart_agent(self) -> None:
        """Cut its power: what it has not kept on its card is gone."""
        at = self.signal.at
        self.agent.agent.close()
        self.agent = self._agent()
        self.signal.at = at
        self._connect()

    def press(self, button: str = "ack") -> None:
        self.agent.turn(Press(f"p{self.clock.up_ms}", button, self.clock.now_ms))
        self._exchange()

    def play(self, minutes: float) -> None:
        for _ in range(int(minutes * MINUTE_MS / WINDOW_MS)):
            self.clock.advance(WINDOW_MS)
            self.agent.turn(self._window())
            self._exchange()

    def play_to(self, minute: float) -> None:
        self.play(minute - self.minute)

    def _window(self) -> Window:
        to_ms, up_ms = self.clock.now_ms, self.clock.up_ms
        trust = ClockTrust.SYNCED if self.clock.synced() else ClockTrust.UNSYNCED
        window = Window("", 0, to_ms - WINDOW_MS, to_ms, up_ms, trust.value)
        return window._replace(**self.look(self.minute))

    def _connect(self) -> None:
        kept = (self._item(name, payload) for name, payload in self.retained.items())
        self.agent.turn(LinkUp(self.boots), *(item for item in kept if item is not None))
        self._exchange()

    def _exchange(self) -> None:
        """Bring messages to and fro until nobody has more to say."""
        for _ in range(5):
            sent, self.agent.link.sent = self.agent.link.sent, []
            self._note(one.payload for one in sent if one.channel is Channel.EVENT)
            self.at_broker += [(topic(BED, one.channel), one.payload) for one in sent]
            if not self.up:
                return
            coming, self.at_broker = self.at_broker, []
            self.server.turn([self.server.message(*one) for one in coming])
            self.server.settle()
            back = self.server.broker.published[self.taken :]
            self.taken += len(back)
            self.retained |= {one.topic: one.payload for one in back if one.retain}
            items = [self._item(one.topic, one.payload) for one in back]
            self.agent.turn(*(item for item in items if item is not None))
            if not (self.agent.link.sent or back):
                return

    def _note(self, payloads: Iterable[bytes]) -> None:
        for event in map(decode_event, payloads):
            if isinstance(event, ToldAtBed):
                self.by_bed[event.id] = event

    def _item(self, name: str, payload: bytes) -> object:
        if name == topic(BED, Channel.STORED):
            return decode_stored(payload)
        return RulesGiven(payload) if name == topic(BED, Channel.RULES) else None

    # ---- what came of it
    def told(self) -> list[Told]:
        """Return all that anybody was told of an alert, in order; reports are none."""
        pushes = [
            Told(one.minute, one.push.person, one.push.purpose.value, one.push.severity.value)
            for one in self.server.pushes.arrived
            if one.push.purpose in ("quiet", "loud")
            and one.push.transition is not TransitionKind.REPORTED
        ]
        words = {AtBed.LAMP: "quiet", AtBed.BUZZER: "loud"}
        bed = [
            Told((one.at_ms - BEGIN) / MINUTE_MS, "bed", words[one.what], one.level)
            for one in self.by_bed.values()
            if one.what in words
        ]
        return sorted((*pushes, *bed))


@contextmanager
def house(folder: Path, look: Look, **more: Any) -> Iterator[SilentHouse]:
    made = SilentHouse(folder, look, **more)
    try:
        yield made
    finally:
        made.close()
