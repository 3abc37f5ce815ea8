"""Notes what the engine is given besides windows, and at each noon the state and the limits.

It is stored with the windows beside which it came, so that a night can be replayed as it was lived.
Ticks are noted only when something else follows: any number of them is as good as the last one.
"""

from legwatch.alerting.notice import Notice
from legwatch.engine import BedState
from legwatch.events import Ack, Event, Snooze, Tick, Window
from legwatch.lived import Begun, Entry, Excused, Lost, NewRules, Restarted, Told, WatchedAgain
from legwatch.night import night_of, noons_ms
from legwatch_server.beds.noted import last_minute_ms, shared
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.state_json import to_json
from legwatch_server.store.batch import Batch, NewEvent, NewNoon


def decided(
    batch: Batch,
    bed: BedRecord,
    event: Event,
    after: BedState,
    who: str | None = None,
    *,
    told: bool = False,
) -> None:
    """Note an event that leads from the bed's state to `after`; `told`: a notice follows it."""
    noted, closed = bed.noted, after.minute_end_ms != bed.state.minute_end_ms
    same_rules = bed.rules is noted.rules
    same = same_rules and not closed
    if isinstance(event, Window) and same and not noted.ticked:
        return
    if isinstance(event, Tick) and same_rules and noted.ticked:
        _pass_noon(batch, bed, event, after, played=bed.played)
        return
    changes = told or after.bed != bed.state.bed
    if isinstance(event, Ack | Snooze) and same and not changes:
        bed.noted = noted._replace(ticked=True)  # an answer that changes nothing is only time
        return
    _catch_up(batch, bed)
    if closed:
        _pass_noon(batch, bed, event, after, played=bed.played)
    if isinstance(event, Tick):
        bed.noted = shared(bed.noted._replace(ticked=True))
    elif isinstance(event, Ack | Snooze):
        _add(batch, bed, event, who)


def excused(batch: Batch, bed: BedRecord, was: BedState, until_ms: int) -> None:
    """Note that the server could not receive until then; `was`: the state before."""
    if bed.state.minute_end_ms != was.minute_end_ms:
        _add(batch, bed, Excused(until_ms, bed.state.at_ms))


def changed(batch: Batch, bed: BedRecord, entry: Entry) -> None:
    """Note what is done to the bed's state besides its events, before it is done."""
    _catch_up(batch, bed)
    _add(batch, bed, entry)


def begun(
    batch: Batch, bed: BedRecord, after: BedState, entry: Begun | WatchedAgain, *, played: bool
) -> None:
    """Note that a time line, or the watch, begins with the state `after`, mostly in a new night.

    Its night begins before the first window: else what comes in the first minute is in no night.
    """
    _pass_noon(batch, bed, entry, after, played=played)
    changed(batch, bed, entry)


def told(batch: Batch, bed: BedRecord, notice: Notice) -> None:
    """Note a fact that people are told and no limit decides."""
    changed(batch, bed, Told(notice))


def _catch_up(batch: Batch, bed: BedRecord) -> None:
    """Note what has changed since the last note: a start, time without a window, the limits."""
    noted = bed.noted
    if noted.to_ms:
        at_ms = bed.state.at_ms
        if noted.began:
            _add(batch, bed, Lost(at_ms) if noted.lost else Restarted(at_ms))
        elif noted.ticked:
            _add(batch, bed, Tick(at_ms))
        if bed.rules is not noted.rules and bed.rules != noted.rules:
            _add(batch, bed, NewRules(bed.rules))
    if bed.rules is not noted.rules or noted.ticked or noted.began or noted.lost:
        now = noted._replace(rules=bed.rules, ticked=False, began=False, lost=False)
        bed.noted = shared(now)


def _pass_noon(
    batch: Batch,
    bed: BedRecord,
    event: Event | Begun | WatchedAgain,
    after: BedState,
    *,
    played: bool,
) -> None:
    """Keep the state before an event that passes noon; the first minute of a bed is one, too.

    `played`: whether the night that begins is of a recording.
    """
    last_ms = last_minute_ms(after)
    if bed.noted.has(last_ms):
        return
    _catch_up(batch, bed)
    night = night_of(last_ms, bed.rules.zone)
    from_ms, to_ms = noons_ms(night, bed.rules.zone)
    batch.lived.append(
        NewNoon(
            bed.id, night.isoformat(), from_ms, len(batch.windows), len(batch.notices),
            to_json(bed.state), bed.rules, played,
        )
    )  # fmt: skip
    bed.noted = shared(bed.noted._replace(from_ms=from_ms, to_ms=to_ms))
    if isinstance(event, Tick):
        _add(batch, bed, event)


def _add(batch: Batch, bed: BedRecord, entry: Entry, who: str | None = None) -> None:
    if bed.noted.to_ms:
        at_ms = max(bed.state.at_ms, bed.seen_ms)
        batch.lived.append(NewEvent(bed.id, len(batch.windows), at_ms, entry, who))
