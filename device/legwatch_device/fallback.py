"""While the server is silent, the bedside helps itself: its own engine uses lamp and buzzer.

The engine judges every window, so that it knows the bed when it is needed. What it would tell is
told only when the server has confirmed nothing for `after_s`, and at night.
"""

import logging
from collections import deque
from collections.abc import Collection, Iterable, Iterator

from legwatch import own_watch
from legwatch.alerting.notice import Notice
from legwatch.contract.action import OF_BUTTON, Answered, as_event
from legwatch.contract.bed_rules import decode_rules
from legwatch.contract.bedside_command import Command, CommandResult
from legwatch.contract.press import Press
from legwatch.contract.told_at_bed import ToldAtBed
from legwatch.errors import WireError
from legwatch.events import Window
from legwatch.limits.rules import Rules, always_night, is_night
from legwatch.own_watch import Handed, OwnWatch
from legwatch_device.broker_link import RulesGiven
from legwatch_device.kept_rules import KeptRules
from legwatch_device.own_telling import OwnTelling
from legwatch_runtime.clock import Clock, Instant
from legwatch_runtime.profiles import BASE, judged, rules_for
from legwatch_runtime.system_zone import machine_zone
from legwatch_runtime.zones import zone_named

logger = logging.getLogger(__name__)

RECENT = 1000  # windows that are kept to go on from a state that the server hands over


class Fallback:
    """Watches the bed beside the server; the agent's thread owns it, and lets it help.

    `sensors`: the roles that are set up.
    """

    def __init__(
        self,
        after_s: float,
        clock: Clock,
        kept: KeptRules,
        sensors: Collection[str] = (),
    ) -> None:
        self._after_s, self._clock, self._kept = after_s, clock, kept
        self._telling = OwnTelling(clock)
        self._recent: deque[Window] = deque(maxlen=RECENT)
        self._unheard: deque[tuple[int, Instant]] = deque(maxlen=RECENT)  # number, end
        self._heard = clock.instant()  # the end of the newest window that the server has
        self._silent = False
        self._given: bytes | None = None  # the last message
        self._later: Handed | None = None  # what it says, if that has to wait
        self._rests = False  # nobody watches the bed
        self._by_profile = False  # no server has ever handed over limits
        self.watch = self._begun(sensors)

    def _begun(self, sensors: Collection[str]) -> OwnWatch:
        """Return the bed at the start of the agent, by what was kept."""
        for payload in self._kept.read():
            self._given = payload
            if not payload:
                self._rests = True
                break
            handed = _read(payload)
            if handed is not None:
                return own_watch.from_then(own_watch.begun(handed.limits, sensors), handed)
        self._by_profile = not self._rests
        return own_watch.begun(usual(), sensors)

    def measured(self, windows: Iterable[Window]) -> None:
        """Judge the next windows, with the numbers under which they are stored."""
        for window in windows:
            self._recent.append(window)
            self._unheard.append((window.seq, self._clock.instant()))
            was = self.watch
            self.watch, notices = own_watch.judge(was, window)
            self._take(was, notices, window.seq)

    def confirmed(self, boot: str, seq: int) -> None:
        """Note that the server has these windows: what has come of them is its own to tell."""
        if not self._recent or boot != self._recent[-1].boot:
            return
        while self._unheard and self._unheard[0][0] <= seq:
            self._heard = self._unheard.popleft()[1]
        self._telling.confirmed(seq)

    def given(self, message: RulesGiven) -> None:
        """Go on from what the server hands over, but not while something stands that was told here.

        A broker gives its last message again at each connection: the same one changes nothing.
        """
        if message.payload == self._given:
            return
        self._given, self._later = message.payload, None
        self._rests = not message.payload
        if self._rests:
            self._kept.rest()
            return
        handed = _read(message.payload)
        if handed is None:
            return
        self._kept.keep(message.payload, decode_rules(message.payload).limits)
        self.watch = self.watch._replace(limits=handed.limits)
        self._by_profile = False
        self._later = handed

    def pressed(self, press: Press) -> None:
        """Take in that somebody has pressed the button."""
        was = self.watch
        if press.button not in OF_BUTTON or was.zero_ms is None:
            return
        at_ms = max(was.state.at_ms, was.at_ms(self._clock.mono_ms()))
        action, to = OF_BUTTON[press.button], Answered(at_ms, press.kind)
        event = as_event(action, press.minutes or 0, to)
        if event is not None:
            self.watch, notices = own_watch.answer(was, event)
            self._take(was, notices, 0)

    def did(self, result: CommandResult) -> bool:
        """Take in how a command went; False: it was the server's."""
        return self._telling.did(result)

    def turn(self) -> Iterator[Command]:
        """Yield what lamp and buzzer are to do now."""
        if self._later is not None and not self._telling.told:
            self._take_over(self._later)
        silent = self._clock.instant().since(self._heard) >= self._after_s
        if silent is not self._silent:
            self._silent = silent
            self._say()
        yield from self._telling.calming(silent=silent)
        now_ms = self.watch.at_ms(self._clock.mono_ms())
        if silent and not self._rests and is_night(now_ms, self.watch.rules):
            yield from self._telling.showing(self.watch.state, now_ms)

    def events(self) -> list[ToldAtBed]:
        """Return what the server should hear, and forget it."""
        return self._telling.events()

    def _take_over(self, handed: Handed) -> None:
        self._later, was = None, self.watch
        if was.zero_ms is None:
            self.watch = own_watch.from_then(was, handed)
            return
        self.watch, notices = own_watch.take_over(was, handed, self._recent)
        self._take(was, notices, self._recent[-1].seq)

    def _take(self, was: OwnWatch, notices: Iterable[Notice], seq: int) -> None:
        for notice in notices:
            self._telling.hear(notice, seq)
        if was.state.bed.shown_ms and not self.watch.state.bed.shown_ms:
            self._telling.end_sign()

    def _say(self) -> None:
        if self._silent:
            logger.warning(
                "the server has confirmed nothing for %.0f s: until it does, the bedside tells its"
                " sleeper by lamp and buzzer itself, at night%s",
                self._after_s,
                ", by the limits of the standard profile, since no server has handed over others"
                if self._by_profile
                else "",
            )
        else:
            logger.info("the server confirms the windows again, and tells people again")


def usual() -> Rules:
    """Return the limits of a bedside to which nobody has handed any over."""
    name = machine_zone().name
    rules = rules_for(BASE, {}, zone_named(name or "UTC", "zone"))
    return rules if name else always_night(rules)


def _read(payload: bytes) -> Handed | None:
    """Return what a message hands over; None: it cannot be used, and the log says why."""
    try:
        return own_watch.read(decode_rules(payload), judged)
    except (WireError, ValueError) as error:
        logger.warning("the limits that the server hands over cannot be used: %s", error)
        return None
