"""What `/health` and `/metrics` show: what is wrong now, the beds, and counts since the start."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from legwatch import scope
from legwatch.contract.failing import as_body
from legwatch.limits.stillness import switched_off
from legwatch_server import zone
from legwatch_server.beds import watched
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.expected import remembered
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.status import Status
from legwatch_server.notify.outboxes import Outboxes
from legwatch_server.notify.rehearsal import route_statuses
from legwatch_server.rest import Rest
from legwatch_server.settings import ServerSettings
from legwatch_server.store.errors import NO_WRITES, StoreError
from legwatch_server.store.port import Store
from legwatch_server.timeline import Timeline
from legwatch_server.transport import NO_BROKER
from legwatch_server.web.actions import ActionHandler

_COUNTERS = ("windows", "duplicates", "late", "clock_wrong", "quarantined")
_COLOURS = {True: "green", False: "amber", None: "unknown"}


@dataclass(slots=True)
class Health:
    """Reads the parts of the server, from any thread; nothing here changes them."""

    unit: UnitOfWork
    status: Status
    outboxes: Outboxes
    store: Store
    actions: ActionHandler
    connected: Callable[[], bool]
    waiting: Callable[[], int]  # requests in the writer's inbox
    settings: ServerSettings
    timeline: Timeline
    clock: Callable[[], dict[str, Any]] = dict  # whether the time is trusted, and its last step
    failures: Callable[[], dict[str, int]] = dict  # of the process's parts, by name
    errors: Callable[[], dict[str, int]] = dict  # in the log, by module
    lock: int = 0  # the number of its folder's lock: who asks knows by it that we are meant
    concerns: Sequence[Callable[[], Iterable[str]]] = ()  # what other parts find wrong now

    def report(self) -> dict[str, Any]:
        """Return the report of `/health`."""
        snapshot, counters = self.status.now(), self.unit.counters
        outbox, wrong = self._outbox(self.timeline.now_ms())
        wrong = [*self._wrong(), *wrong]
        last, now = snapshot.committed, self.timeline.instant()
        age_s = None if last is None else round(now.since(last), 1)
        boxes = self.outboxes.all.items()
        return {
            "status": "degraded" if wrong else "ok",
            "wrong": wrong,
            "remarks": list(watched.not_truly(self._awake())),
            "lock": self.lock,
            "last_commit_age_s": age_s,
            "counters": {name: getattr(counters, name) for name in _COUNTERS},
            "notices": dict(counters.notices),
            "pushes": {name: dict(box.results) for name, box in boxes},
            "answers": dict(self.actions.results),
            **outbox,
            "queue": self.waiting(),
            "clock": self.clock(),
            "zone": zone.report(self.settings),
            "beds": len(self._beds()),
            "bedsides": self._bedsides(),
            "commits": snapshot.commits,
            "commit_s": round(snapshot.commit_s, 3),
            "failures": self.failures(),
            "errors": self.errors(),
        }

    def _wrong(self) -> list[str]:
        snapshot = self.status.now()
        wrong = [] if self.connected() else [NO_BROKER]
        if snapshot.failing:
            wrong.append(f"{NO_WRITES}: {snapshot.failing}")
        wrong += [f"bed {bed} cannot be judged" for bed in sorted(snapshot.unjudged)]
        boxes = self.outboxes.all.items()
        wrong += [f"channel {name}: {box.failing}" for name, box in boxes if box.failing]
        wrong += [f"channel {name}: {box.unread}" for name, box in boxes if box.unread]
        wrong += [f"channel {name}: {box.untaken}" for name, box in boxes if box.untaken]
        wrong += zone.concerns(self.settings)
        return [*wrong, *(sentence for concern in self.concerns for sentence in concern())]

    def _outbox(self, now_ms: int) -> tuple[dict[str, Any], list[str]]:
        """Return the state of the routes and how many pushes wait (-1: unknown), and faults."""
        try:
            with self.store.reader() as reader:
                due = reader.backlog(now_ms)
                routes = route_statuses(reader, self.settings, now_ms)
        except StoreError as error:
            return {"rehearsal": {}, "backlog": -1}, [f"the outbox cannot be read: {error}"]
        tried = {f"{r.person}/{r.channel}": f"{_COLOURS[r.good]}: {r.why}" for r in routes}
        waiting = sum(due.get(name, 0) for name in self.outboxes.all)
        return {"rehearsal": tried, "backlog": waiting}, []

    def _bedsides(self) -> dict[str, dict[str, Any]]:
        return {bed.name: _bedside(bed) | _scope(bed) for bed in self._beds()}

    def _awake(self) -> list[BedRecord]:
        return [bed for bed in self._beds() if bed.rest is Rest.WATCHED]

    def _beds(self) -> list[BedRecord]:
        """Return the beds that are in use; a copy, since the writer may add one meanwhile."""
        beds = remembered(self.settings, list(self.unit.beds.values()))
        return [bed for bed in beds if bed.rest is not Rest.ENDED]


def _bedside(bed: BedRecord) -> dict[str, Any]:
    bedside = bed.bedside
    found: dict[str, Any] = {"online": bedside.online}
    if bed.rest is not Rest.WATCHED:
        found["watched"] = False
    if bed.ahead_ms is not None:
        found["clock_ahead_s"] = round(bed.ahead_ms / 1000)
    if bedside.info is not None:
        info = bedside.info
        found |= {"version": info.version, "clock": info.clock, "windows_lost": info.lost}
        if info.zone:
            found["zone"] = info.zone
        found["sensors"] = dict(info.sensors or ())
        if info.made:
            found["made"] = list(info.made)
        if info.failing:
            found["failing"] = as_body(info.failing)
    return found


def _scope(bed: BedRecord) -> dict[str, Any]:
    """Return what the sensors of a bed can tell now, why not the rest, and what none sees."""
    sensors, off = watched.sensors(bed), switched_off(bed.rules)
    if sensors is None:
        return {}
    never, made = scope.never_come(sensors.roles, off), scope.made_values(sensors.made)
    cannot = (*never, *made, *sensors.not_now(off))
    return {
        "can_alert": list(map(str, sensors.seen(off))),
        "watched_for": sensors.said(off),
        "cannot": list(cannot),
        "not_seen": list(scope.beyond(sensors.roles, off)),
    }
