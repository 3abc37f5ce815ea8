"""What the bedside tells its sleeper by itself: what is wanted, what was asked of the lamp, done.

Each step that was done is an event for the server, which then tells nobody twice.
"""

import logging
import secrets
from collections.abc import Iterator
from typing import NamedTuple

from legwatch.alerting.alert import AlertState, is_silenced
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch.contract.told_at_bed import AtBed, ToldAtBed
from legwatch.engine import BedState
from legwatch.events import AlertKind, ClockTrust
from legwatch.oncall.at_bed import Shown, at_bed
from legwatch_device.samples import sendable_ms
from legwatch_runtime.clock import Clock

logger = logging.getLogger(__name__)

OURS = "own-"  # begins the ids of commands of our own, and the names of their alerts


class _Wanted(NamedTuple):
    """What is to be shown of an alert if the server does not; `seq`: the window it came with."""

    shown: Shown
    notice: Notice
    seq: int


class OwnTelling:
    """One bed's lamp and buzzer, as its own engine uses them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wanted: dict[AlertKind, _Wanted] = {}
        self._asked: dict[str, tuple[AtBed, Notice]] = {}  # by command
        self._calm: list[str] = []  # alerts whose lamp is to go out; "": all
        self._events: list[ToldAtBed] = []
        self.told: dict[AlertKind, Notice] = {}  # what stands and was told here

    def hear(self, notice: Notice, seq: int) -> None:
        """Take in what the engine has decided with a window."""
        kind, shown = notice.kind, at_bed(notice)
        if shown is None or not isinstance(kind, AlertKind):
            return
        if shown is not Shown.CALM:
            before = self._wanted.get(kind)
            louder = Shown.HEARD in (shown, before.shown if before else shown)
            self._wanted[kind] = _Wanted(Shown.HEARD if louder else Shown.LIT, notice, seq)
            return
        self._wanted.pop(kind, None)
        over = notice.transition is TransitionKind.RESOLVED
        if kind in self.told:
            self._calm.append(_thread(kind))
            if over or notice.transition is TransitionKind.ACKNOWLEDGED:
                self._note(AtBed.OVER if over else AtBed.ANSWERED, self.told[kind])
        elif over:
            self._calm.append("")
        if over:
            self.told.pop(kind, None)

    def end_sign(self) -> None:
        """Take back an early sign that is over; an alert that takes its place is told itself."""
        wanted, told = self._wanted.get(AlertKind.COLD), self.told.get(AlertKind.COLD)
        if wanted is not None and wanted.notice.transition is TransitionKind.EXPECTED:
            del self._wanted[AlertKind.COLD]
        if told is None or told.transition is not TransitionKind.EXPECTED:
            return
        del self.told[AlertKind.COLD]
        if AlertKind.COLD not in self._wanted:  # else the lamp stays lit for the alert
            self._calm.append(_thread(AlertKind.COLD))
            self._note(AtBed.OVER, told)

    def confirmed(self, seq: int) -> None:
        """Leave to the server what came with these windows."""
        self._wanted = {kind: one for kind, one in self._wanted.items() if one.seq > seq}

    def calming(self, *, silent: bool) -> Iterator[Command]:
        """Yield what puts the lamp out; what the server has lit only while it is silent."""
        calm, self._calm = self._calm, []
        for thread in dict.fromkeys(calm):
            if thread or (silent and not self.told):
                yield Command(_ident(), Cmd.CALM, thread=thread)

    def showing(self, state: BedState, at_ms: int) -> Iterator[Command]:
        """Yield what shows the alerts that stand and that nobody was told of."""
        wanted, self._wanted = self._wanted, {}
        for kind, one in wanted.items():
            if not _stands(state, one.notice, at_ms):
                continue
            yield self._nudge(kind, Loudness.QUIET, AtBed.LAMP, one.notice)
            if one.shown is Shown.HEARD:
                yield self._nudge(kind, Loudness.LOUD, AtBed.BUZZER, one.notice)

    def did(self, result: CommandResult) -> bool:
        """Take in how a command went; False: it is none of ours."""
        if not result.id.startswith(OURS):
            return False
        asked = self._asked.pop(result.id, None)
        if asked is not None and result.ok:
            what, notice = asked
            self.told[AlertKind(notice.kind)] = notice
            self._note(what, notice)
            logger.info("the server is silent: %s told by the %s at the bed", notice.kind, what)
        return True

    def events(self) -> list[ToldAtBed]:
        """Return what the server should hear, and forget it."""
        found, self._events = self._events, []
        return found

    def _nudge(self, kind: AlertKind, tone: Loudness, what: AtBed, notice: Notice) -> Command:
        ident = _ident()
        self._asked[ident] = what, notice
        return Command(ident, Cmd.NUDGE, tone, _thread(kind))

    def _note(self, what: AtBed, notice: Notice) -> None:
        trust = ClockTrust.SYNCED if self._clock.synced() else ClockTrust.UNSYNCED
        told = ToldAtBed(
            id=secrets.token_hex(16),
            what=what,
            kind=AlertKind(notice.kind),
            at_ms=sendable_ms(self._clock.utc_ms()),
            level=notice.severity.value,
            episode_ms=sendable_ms(notice.episode_ms or notice.at_ms),
            clock=trust.value,
        )
        self._events.append(told)


def _stands(state: BedState, notice: Notice, at_ms: int) -> bool:
    """Return True if an alert or a sign still stands, and nobody has answered it."""
    if notice.transition is TransitionKind.EXPECTED:
        return bool(state.bed.shown_ms)
    alert: AlertState = state.bed.alerts.of(AlertKind(notice.kind))
    same = alert.severity is not None and alert.episode_ms == notice.episode_ms
    return same and not (alert.acknowledged or is_silenced(alert, at_ms, alert.severity))


def _ident() -> str:
    return f"{OURS}{secrets.token_hex(8)}"


def _thread(kind: AlertKind) -> str:
    return f"{OURS}{kind.value}"
