"""Recordings that an agent plays: only on a bed declared for it, on a time line of their own."""

import logging

from legwatch import engine
from legwatch.errors import WireError
from legwatch.lived import Begun
from legwatch.text.span import span
from legwatch_server.beds import lived
from legwatch_server.beds.bed_rules import BedRules
from legwatch_server.beds.decisions import Decisions, Undeclared
from legwatch_server.beds.recording_leaps import FREE_MS
from legwatch_server.beds.registry import BedRecord
from legwatch_server.rest import Rest

logger = logging.getLogger(__name__)


class Recordings:
    """Where they begin, and how far they may leap; only the writer thread uses it."""

    def __init__(self, decisions: Decisions, rules: BedRules) -> None:
        self._decisions, self._rules = decisions, rules
        self._refused: set[str] = set()  # beds of which the log has said so

    def check_declared(self, name: str) -> None:
        """Raise Undeclared if the settings do not declare the bed as `played`."""
        if self._rules.plays(name):
            return
        why = f"a recording; declare it with beds.{name}.played = true"
        if name not in self._refused:
            self._refused.add(name)
            logger.warning("refused windows of bed %s: the agent plays %s", name, why)
        raise Undeclared(f"clock: {why}")

    def leap(self, bed: BedRecord, to_ms: int, now_ms: int) -> None:
        """Charge a leap to the recording's allowance; raises WireError if too little is left."""
        if 0 <= to_ms - bed.state.at_ms <= FREE_MS:
            return  # as for nearly all windows
        leaps = bed.leaps.after(bed.state.at_ms, to_ms, now_ms)
        if leaps is None:
            raise WireError("this recording leaps too far or too often")
        if leaps is not bed.leaps:
            self._decisions.touch(bed)
            bed.leaps = leaps

    def end(self, bed: BedRecord, at_ms: int) -> None:
        """Let the time of a bed go on that has played, and is declared to send live from now on.

        So it is missed as any other bed if its first live word does not come.
        """
        if bed.played and bed.rest is Rest.WATCHED and not self._rules.plays(bed.name):
            self.begin_anew(bed, at_ms, played=False)
            self._decisions.touch(bed)
            bed.played = False

    def begin_anew(self, bed: BedRecord, to_ms: int, *, played: bool) -> None:
        """Judge nothing of the time before or after a recording: no bedside was silent then.

        An agent that starts again goes on with its recording where it was, without a leap.
        """
        last_ms = bed.state.at_ms
        if played and bed.played and last_ms - to_ms > engine.BACK_MS:
            logger.warning(
                "bed %s: a recording begins %s before the end of the last one. If it is played"
                " again, its alerts stand beside those of the first time, at the same hours; to"
                " have them alone, give it another bed, or `legwatch up` another --state",
                bed.name,
                span((last_ms - to_ms) / engine.MINUTE_MS),
            )
        if engine.was_heard(bed.state) and to_ms - last_ms > engine.BACK_MS:
            logger.info(
                "bed %s: %s %s after %s; that time is not judged",
                bed.name,
                "a recording begins" if played else "its sensors begin",
                span((to_ms - last_ms) / engine.MINUTE_MS),
                "the last recording" if bed.played else "the last word of its sensors",
            )
            self._decisions.touch(bed)
            after = engine.begin(bed.state, to_ms)
            self._decisions.end_sign(bed, after)
            lived.begun(self._decisions.batch, bed, after, Begun(to_ms), played=played)
            bed.state = after
