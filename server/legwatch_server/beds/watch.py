"""From when and until when a bed is watched: it is expected, it rests, it is watched again.

What the bedside of a resting bed sends is stored and not judged.
"""

import logging
from dataclasses import replace

from legwatch import bedside, engine
from legwatch.alerting.notice import TransitionKind, report
from legwatch.conditions.verdict import Reason
from legwatch.contract.bedside_info import plays_recordings
from legwatch.lived import Dropped, Expected, Rested, WatchedAgain
from legwatch_server.beds import lived
from legwatch_server.beds.bed_rules import BedRules
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.excuses import Excuses
from legwatch_server.beds.recordings import Recordings
from legwatch_server.beds.registry import BedRecord
from legwatch_server.rest import Rest

logger = logging.getLogger(__name__)


class Watch:
    """Lets it begin and end; only the writer thread uses it."""

    def __init__(
        self, decisions: Decisions, rules: BedRules, recordings: Recordings, excuses: Excuses
    ) -> None:
        self._decisions, self._rules, self._excuses = decisions, rules, excuses
        self._recordings = recordings

    def declare(self, bed: BedRecord, at_ms: int) -> None:
        """Expect a bed that the settings declare, whatever it played before."""
        self._recordings.end(bed, at_ms)
        self._expect(bed, at_ms)

    def expect(self, bed: BedRecord, at_ms: int) -> None:
        """Expect a bed of which an agent sends; one that plays recordings need not send again."""
        if not plays_recordings(bed.bedside.info):
            self._expect(bed, at_ms)

    def _expect(self, bed: BedRecord, at_ms: int) -> None:
        """Let the time of a bed begin, if it has not: it is missed when no window comes."""
        if bed.rest is not Rest.WATCHED:
            return
        if not (bed.state.minute_end_ms or bed.played or self._rules.plays(bed.name)):
            self._decisions.change(bed, engine.expect(bed.state, at_ms), Expected(at_ms))

    def drop(self, bed: BedRecord, at_ms: int) -> None:
        """Expect a bed no longer that was never heard, and end the alert that says so."""
        self._decisions.touch(bed)
        episode_ms = bed.state.bed.alerts.agent.episode_ms
        self._decisions.change(bed, engine.start(), Dropped(at_ms))
        if episode_ms is not None:
            over = report(Reason.NOT_EXPECTED, at_ms, ())
            over = replace(over, transition=TransitionKind.RESOLVED, episode_ms=episode_ms)
            self._decisions.tell(bed, over)

    def let_rest(self, bed: BedRecord, rest: Rest, at_ms: int) -> None:
        """Watch a bed no longer, and end what stands; or watch it again, from now on."""
        self._decisions.sweep(bed)
        was, bed.rest, bed.rest_said = bed.rest, rest, False
        self._decisions.judged.add(bed.name)
        if rest is Rest.WATCHED:
            self._go_on(bed, at_ms)
        elif was is Rest.WATCHED:
            self._end(bed, at_ms)

    def keep_only(self, bed: BedRecord) -> None:
        """Say once that windows come from a bed that nobody watches."""
        if not bed.rest_said:
            bed.rest_said = True
            logger.warning(
                "windows come from bed %s, which is %s: they are stored and not judged; "
                "`legwatch beds` shows it",
                bed.name,
                bed.rest,
            )

    def _go_on(self, bed: BedRecord, at_ms: int) -> None:
        """Give the bedside the usual time to send a word: nobody saw the bed meanwhile."""
        batch = self._decisions.batch
        if bed.state.minute_end_ms and not bed.played:  # the time of a recording is another one
            after = engine.go_on(bed.state, at_ms, bed.rules)
            lived.begun(batch, bed, after, WatchedAgain(at_ms), played=False)
            bed.state = after
        else:
            lived.changed(batch, bed, Rested(at_ms, watched=True))
        self._excuses.beds[bed.name] = at_ms + bed.rules.health.agent_s * 1000
        bed.bedside, bed.goes_on = bedside.watched_again(bed.bedside, at_ms), bed.played
        self.declare(bed, at_ms)

    def _end(self, bed: BedRecord, at_ms: int) -> None:
        """End all alerts of a bed, and all that people were told of its bedside."""
        lived.changed(self._decisions.batch, bed, Rested(at_ms, watched=False))
        after, ends = engine.end(bed.state, at_ms)
        self._decisions.end_sign(bed, after)
        bed.state = after
        bed.bedside, more = bedside.at_rest(bed.bedside, at_ms)
        for notice in ends:
            self._decisions.note(bed, notice, None)
        for notice in more:
            self._decisions.tell(bed, notice)
