"""What the agents at the bedsides say of themselves, and what people should know of them."""

import logging

from legwatch import bedside, engine
from legwatch.events import Window
from legwatch.lived import SetUp
from legwatch.rivals import with_window
from legwatch_server.beds.bed_rules import BedRules
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.excuses import Excuses
from legwatch_server.beds.mute import may_be_mute, mute
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.watch import Watch
from legwatch_server.beds.watched import blind
from legwatch_server.beds.zones_apart import zone_apart
from legwatch_server.inbox import InfoArrived, StatusArrived
from legwatch_server.rest import Rest

logger = logging.getLogger(__name__)


class Agents:
    """Only the writer thread uses it."""

    def __init__(
        self, decisions: Decisions, rules: BedRules, watch: Watch, excuses: Excuses
    ) -> None:
        self._decisions, self._rules, self._watch = decisions, rules, watch
        self._excuses = excuses

    def take_info(self, arrived: InfoArrived) -> None:
        """Keep what a bedside agent says of itself; it comes before the first window."""
        bed = self._decisions.bed(arrived.bed)
        self._decisions.touch(bed)
        again = bed.info_live and arrived.info == bed.bedside.info
        bed.bedside = bedside.with_info(bed.bedside, arrived.info)
        # After a power cut a broker may give out what an earlier start of the agent has said.
        bed.info_live = again or not arrived.message.retained
        log_zone(bed)
        self.set_up(bed, arrived.message.arrived_ms)
        self._watch.expect(bed, arrived.message.arrived_ms)
        self.report(bed, arrived.message.arrived_ms)

    def take_status(self, arrived: StatusArrived) -> None:
        """Note that a bedside agent has come or gone."""
        message, decisions = arrived.message, self._decisions
        # An agent says `online` first of all; an old `offline` is no reason for a new bed.
        bed = decisions.bed(arrived.bed) if arrived.online else decisions.beds.get(arrived.bed)
        if bed is not None:
            decisions.touch(bed)
            bed.bedside = bedside.with_status(
                bed.bedside,
                online=arrived.online,
                at_ms=message.arrived_ms,
                retained=message.retained,
            )
            self._watch.expect(bed, message.arrived_ms)
            self.report(bed, message.arrived_ms)

    def unseen(self, bed: BedRecord, at_ms: int) -> None:
        """Let an agent that is off have its usual time to come, now that it can be heard again."""
        self._decisions.touch(bed)
        bed.bedside = bedside.unseen(bed.bedside, at_ms)

    def confirm_info(self, bed: BedRecord, window: Window) -> None:
        """Take what is known of the agent as what it says now, if the window is of that start."""
        info = bed.bedside.info
        if info is not None and info.boot in ("", window.boot):
            bed.info_live = True
            log_zone(bed)

    def another_boot(self, bed: BedRecord, window: Window, at_ms: int) -> None:
        """Note that a window comes from another start of an agent than the last one."""
        bed.rivals = with_window(bed.rivals, window.boot, window.to_ms)
        self.set_up(bed, at_ms)
        self.report(bed, at_ms)

    def set_up(self, bed: BedRecord, at_ms: int) -> None:
        """Let the engine expect the sensors of which the agent has told."""
        info = bed.bedside.info
        if info is not None and not bed.played:
            bed.set_up_ms = bed.set_up_ms or at_ms
            entry = SetUp(tuple(sorted(info.places)))
            self._decisions.change(bed, engine.set_up(bed.state, info.places), entry)

    def report(self, bed: BedRecord, at_ms: int) -> None:
        """Store what people should know of the bed's agent; a recording has nothing to tell."""
        if bed.played or self._rules.plays(bed.name) or bed.rest is not Rest.WATCHED:
            return
        alerting = bed.state.bed.alerts.agent.severity is not None
        after, notices = bedside.reports(
            bed.bedside,
            at_ms,
            bed.rules,
            alerting=alerting,
            deaf=self._excuses.deaf,
            unread=bed.unread,
            rivals=bed.rivals,
            mute=tuple(mute(bed, at_ms)),
            blind=blind(bed, at_ms),
        )
        if after != bed.bedside:
            self._decisions.touch(bed)
            bed.bedside = after
        for notice in notices:
            self._decisions.tell(bed, notice)

    def report_sensors(self, bed: BedRecord, at_ms: int) -> None:
        """Store what people should know of the bed's sensors, at the end of a minute."""
        if may_be_mute(bed) or blind(bed, at_ms):
            self.report(bed, at_ms)


def log_zone(bed: BedRecord) -> None:
    """Log that the agent's machine is in another zone, once for each zone, and if that is sure."""
    if not bed.info_live:
        return
    sentence = zone_apart(bed)
    if sentence and sentence != bed.zone_said:
        logger.warning("%s", sentence)
    if bed.bedside.online is not False:
        bed.zone_said = sentence
