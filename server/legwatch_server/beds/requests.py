"""Requests of programs: each counts once, and is answered after its commit."""

from collections.abc import Callable

from legwatch.contract.action import Action, Answered, as_event
from legwatch.contract.bedside_command import CommandResult
from legwatch.contract.request import Do, Request
from legwatch.events import BODY_KINDS
from legwatch.lived import Pressed
from legwatch_server.beds import lived
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import RequestArrived
from legwatch_server.publish.port import Asked, Result
from legwatch_server.rest import WATCHED
from legwatch_server.store.port import WriterStore

PROGRAM = "program"  # who has answered, if the program gives no name
ANSWERS = {Do.ACKNOWLEDGE: Action.SEEN, Do.SNOOZE: Action.SNOOZE}
BUTTONS = {Do.ACKNOWLEDGE: "ack", Do.SNOOZE: "snooze", Do.CRAMP: "cramp"}  # as they are stored
OF_NIGHT = "nothing to answer stands now"


class Requests:
    """The requests of one batch; only the writer thread uses it."""

    def __init__(
        self, store: WriterStore, decisions: Decisions, find: Callable[[str], BedRecord | None]
    ) -> None:
        self._store, self._decisions, self._find = store, decisions, find
        self.begin()

    def begin(self) -> None:
        """Start a new batch."""
        self.results: list[Result] = []
        self.limits: list[Asked] = []  # not the engine's business: the settings are a file
        self._seen: set[tuple[str, str]] = set()

    def take(self, arrived: RequestArrived, now_ms: int) -> None:
        """Do what a program asks for; it hears of it after the commit."""
        name, request, _ = arrived
        bed = self._find(name)
        if request.wrong or bed is None:
            self._answer(name, request, request.wrong or f"there is no bed {name}")
        elif request.do is Do.LIMIT:
            self.limits.append(Asked(name, request))
        elif (name, request.id) in self._seen or self._store.pressed(bed.id, request.id):
            self._answer(name, request, "")  # it counted when it came first
        else:
            self._seen.add((name, request.id))
            self._answer(name, request, self._done(bed, request, now_ms))

    def _answer(self, bed: str, request: Request, why: str) -> None:
        self.results.append(Result(bed, CommandResult(request.id, ok=not why, why=why)))

    def _done(self, bed: BedRecord, request: Request, now_ms: int) -> str:
        """Do it once; return why nothing came of it, else an empty text."""
        if request.do is None or bed.rest is not WATCHED:
            return f"bed {bed.name} is not watched now"
        at_ms = bed.state.at_ms if bed.played else now_ms
        if request.do is Do.CRAMP:
            self._note(bed, request, at_ms)
            lived.changed(self._decisions.batch, bed, Pressed(at_ms, BUTTONS[request.do]))
            return ""
        alerts = bed.state.bed.alerts
        kinds = BODY_KINDS if request.kind is None else (request.kind,)
        if not any(alerts.of(kind).severity for kind in kinds):
            return OF_NIGHT
        to = Answered(at_ms, request.kind)
        event = as_event(ANSWERS[request.do], request.minutes or 0, to)
        if event is None:
            return OF_NIGHT
        self._note(bed, request, at_ms)
        who = f"{request.by} ({PROGRAM})" if request.by else PROGRAM  # it may give any name
        self._decisions.decide(bed, event, who)
        return ""

    def _note(self, bed: BedRecord, request: Request, at_ms: int) -> None:
        """Store it as a press, so that it counts once."""
        if request.do is not None:
            kind = request.kind.value if request.kind else None
            button = BUTTONS[request.do]
            self._decisions.batch.presses.append((bed.id, request.id, button, at_ms, kind))
            self._decisions.touch(bed)
