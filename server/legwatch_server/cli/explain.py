"""Explain one alert: what happened, why it fired, who was notified and what they answered."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from itertools import repeat

from legwatch.alerting.notice import Notice, Sounding, SuppressedBy, TransitionKind
from legwatch.alerting.sound import with_sounding
from legwatch.alerting.trial_nights import URGENT_OF
from legwatch.alerting.unwatched import QUIET_LEFT
from legwatch.conditions.cover_reasons import Quantity
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import BODY_KINDS, FactKind
from legwatch.night import local
from legwatch.oncall.escalation import OVER
from legwatch.oncall.people import Person
from legwatch.text.foot import is_about
from legwatch.text.message import still_sounds, title
from legwatch.text.span import DAY_MIN, span
from legwatch_server.answered_by import COMMAND_LINE, who_within
from legwatch_server.cli import said, shown_quietly
from legwatch_server.cli.moment import moment
from legwatch_server.store.delivery import DeliveryState
from legwatch_server.store.records import DeliveryStep, Incident, NoticeRecord

MINUTE_MS = 60_000
_BECAUSE = {
    Reason.UNCOVERED: "the air by the legs fell as fast as it does when a cover is lifted",
    Reason.OFF_OR_EMPTY: "the air by the legs fell as it does without a cover, or without a body",
    Reason.FOOT_BARE: "the air by the ankle fell as it does without a cover, not that by the legs",
    Reason.LIT_AT_BED: "the server was silent for too long, and the lamp at the bed was lit",
    Reason.HEARD_AT_BED: "the server was silent for too long, and the buzzer at the bed sounded",
    Reason.ANSWERED_AT_BED: "the button at the bed was pressed while the server was silent",
    Reason.OVER_AT_BED: "the bedside found by itself that it was over",
    Reason.ANKLE_BLIND: "the thermometer by the ankle had the room's air, or one value for hours",
    Reason.COOLED: "the air by the legs cooled slowly and stayed cold",
    Reason.COLD_START: "the bed did not become warm after it was entered",
    Reason.COLD_ROOM: "the legs lay cool in a room that was cold for long",
    Reason.DRAUGHT: "the air by the legs was so near to the room's that a draught is possible",
    Reason.NOT_ANSWERED: "the warning stood for long and nobody had answered",
    Reason.STILL_TOO_LONG: "no change of position was seen for longer than the limit",
    Reason.COLD_AND_STILL: "the legs were cold and the sleeper did not move for it",
    Reason.NO_READINGS: "a thermometer gave no readings",
    Reason.IMPLAUSIBLE: "a thermometer gave values that cannot be",
    Reason.STUCK: "the thermometer showed exactly the same again and again, as live air never does",
    Reason.DISPLACED: "the air by the legs was the room's, though somebody lay in bed",
    Reason.MOVEMENT_MISSING: "the movement sensor gave no word",
    Reason.MOVEMENT_SILENT: "somebody lay in bed and the movement sensor had seen nothing",
    Reason.MOVEMENT_QUIET: "nothing of any size was felt for hours, which a dead sensor shows, too",
    Reason.MOVEMENT_NOISY: "the movement sensor showed movement without a minute of rest",
    Reason.LAIN_UPON: "the air by the legs was as warm as skin for long, as under a leg",
    Reason.NOT_IN_BED: "somebody lay in bed, and the air by the legs never became that of a bed",
    Reason.EXCHANGED: "the air by the legs was far colder than the room's, beside a sleeper",
    Reason.ROOM_WARMED: "the thermometer of the room became warm as no room does",
    Reason.COMES_AND_GOES: "less than half of the last 30 minutes had readings",
    Reason.MAT_DISAGREES: "the bed occupancy said another thing than air and movement",
    Reason.MAT_MISSING: "the bed occupancy gave no word any more",
    Reason.AGENT_SILENT: "no word came from the bedside",
    Reason.NEVER_HEARD: "the bed is expected, and no word has ever come from its bedside",
    Reason.BEDSIDE_GONE: "the broker lost the bedside, and it has not come back",
    Reason.WINDOWS_LOST: "the bedside kept more than it had room for, and dropped the oldest",
    Reason.WINDOWS_UNREAD: "windows came from the bedside that the server could not read",
    Reason.NEWER_VERSION: "the bedside speaks a newer version than the server",
    Reason.TWO_BEDSIDES: "a start of the bedside came back after a later one had sent, repeatedly",
    Reason.SENSOR_MUTE: "windows came, and none had a reading of a sensor that is set up",
    Reason.NEVER_WARNS: "with the sensors of the bed no alert on the sleeper can ever come",
    Reason.NO_SENSOR: "windows came, and none had a reading of any sensor",
    Reason.NOTHING_KEPT: "the server's disk took nothing, and the watch went on in memory",
    Reason.MEMORY_LOST: "the server's file was damaged, and a new one was begun",
    Reason.NOT_JUDGED: "the server failed each time when it judged the bed",
    Reason.NO_BROKER: "the server had no connection to its broker",
    Reason.NOTHING_ARRIVES: "the broker was connected and nothing came from any bed",
    Reason.NO_PUSH_LEAVES: "no way to any person worked",
    Reason.NOT_LISTENING: "the server could not use its port ([http] host and port)",
    Reason.SHARED_NAME: "the broker gave the server's place to another program, again and again",
    Reason.DAMP_BED: "the vapour by the legs was high, and well above the room's, beside a sleeper",
    Reason.COLD_EVENING: "nobody was in bed yet, and the air stayed below the limit",
    Reason.SNOOZE_OVER: "the time of quiet was over and it still held",
    Reason.WARMING: "the air by the legs had turned, as it does under a cover that is back",
    Reason.COLD_AGAIN: "the air by the legs had become warmer, and fell again",
}
_COUNTED = {
    Quantity.FALL: "how the air by the legs has fallen",
    Quantity.NO_RETURN: "that it has not risen again",
    Quantity.BEFORE: "what moved when it began to fall",
    Quantity.SINCE: "what has moved since",
    Quantity.STAY: "whether somebody lay in bed until then",
    Quantity.MAT: "what the bed occupancy says",
    Quantity.NIGHT: "how much usually moves in this bed",
}
_UNTOLD = {
    SuppressedBy.LOG_ONLY: "It was only written down: at this level nobody is woken.",
    SuppressedBy.BUDGET: (
        "Nobody was woken: the night's warnings with a sound were used up, or the last one was too"
        " short ago."
    ),
    SuppressedBy.SILENCED: "Nobody was woken: somebody had asked for quiet.",
    SuppressedBy.TRIAL: "Nobody was woken: in the first nights of a bed its alerts make no sound.",
    SuppressedBy.LOW_URGENCY: "Nobody was woken: the other sensors watch on without it.",
    SuppressedBy.EARLY_SIGN: (
        "An early sign makes no sound and asks for no answer. At most the sleeper is shown it, by"
        " lamp or phone; it may be false."
    ),
    SuppressedBy.INHIBITED: (
        "Nobody was woken for it alone: another alert of the same minute said it too."
    ),
}
_OFTEN = (
    "Nobody was woken: twice this night people had been told of it, and it comes and goes.",
    "This end was told to nobody: it comes and goes this night, and nobody should rely on it.",
)
_ASLEEP = (
    "It was only written down: the sleeper seemed asleep, and nobody who sleeps is woken for a bed"
    " that has not warmed. (Awake is who has moved within warmth.wakeful_s.)"
)
_ENDED = {
    "moved": "the sleeper moved",
    "time": "the longest wait was over",
    "surer": "it was not sure enough before",
    "urgent": "it became urgent",
    "over": "it was over by itself, and nobody had to be woken",
}
# Their names do not say so: these are of the thermometer by the legs.
_OF_LEGS = frozenset({"usual_c", "usual_low_c", "usual_high_c", "high_c", "fell_min"})
_ACTS = {
    "seen": "has seen it",
    "useless": "called it not useful",
    "awake": "confirmed being awake",
}
_ONLY_WARNS = (
    "It is a warning, not urgent: the movement sensor has not shown three clear turns since"
    " bedtime, or something may have been a small turn."
)
_WAYS = {COMMAND_LINE: "at the command line"}


def explain(
    found: Incident, zone: tzinfo, sources: Mapping[str, str], people: Mapping[str, Person]
) -> Iterator[str]:
    """Yield the lines of the explanation; `sources` gives the source of each limit's value."""
    first = found.notices[0]
    began = local(first.notice.at_ms, zone)
    yield f"Alert {found.id}, bed {found.bed}, {began:%A %d %B %Y}"
    for record, at, head in headed(found, zone):
        yield ""
        yield f"{at}  {head}"
        if record.notice.transition not in OVER:
            yield from (f"  {line}" for line in said.lines(record, found.bed, people))
            if record.notice.reason in _BECAUSE:
                yield f"  Why: {_BECAUSE[record.notice.reason]}."
        yield from _notice(record.notice, sources, _waited_min(found, record))
        if record.notice.suppressed_by is SuppressedBy.LOW_URGENCY:
            yield f"  {shown_quietly.sentence(record)}"
        for line in journeys(record, zone):
            yield f"  {line}"
        if is_unshown(record):
            yield "  It was shown to nobody."
    if found.answers:
        yield ""
        yield "Answers"
        for line in answered(found, zone):
            yield f"  {line}"
    yield ""
    yield _end(found, zone)


def _waited_min(found: Incident, until: NoticeRecord) -> float:
    """Return for how long an alert had waited: since the first notice that it held back."""
    begun_ms = None
    for record in found.notices[: found.notices.index(until)]:
        held = record.notice.suppressed_by is SuppressedBy.HOLD
        if held and begun_ms is None:
            begun_ms = record.notice.at_ms
        elif not held and record.notice.suppressed_by is None:
            begun_ms = None  # it has made its sound: what comes later waits anew
    return 0.0 if begun_ms is None else (until.notice.at_ms - begun_ms) / MINUTE_MS


def _notice(notice: Notice, sources: Mapping[str, str], waited_min: float) -> Iterator[str]:
    yield from _sure(notice)
    yield from _counted(notice)
    yield from _rule(notice, sources)
    if _only_warns(notice):
        yield f"  {_ONLY_WARNS}"
    shown = [_figure(name, value) for name, value in notice.figures if _is_figure(name, value)]
    if shown:
        yield f"  Figures: {', '.join(shown)}"
    if notice.suppressed_by is SuppressedBy.HOLD:
        yield "  It waited for the sleeper to move before making a sound."
    elif told_often(notice):
        yield f"  {_OFTEN[notice.transition in OVER]}"
    elif notice.suppressed_by and notice.transition not in OVER:
        yield f"  {_untold(notice, notice.suppressed_by)}"
    figures = dict(notice.figures)
    if (left_min := figures.get(QUIET_LEFT)) is not None:
        yield f"  It ended the quiet that somebody had asked for, {span(float(left_min))} early."
    # After quiet it sounds because that is over, whether or not the wait has ended meanwhile.
    if "wait_ended" in figures and notice.reason is not Reason.SNOOZE_OVER:
        why = _ENDED.get(str(figures["wait_ended"]), "it ended")
        yield f"  It had waited {span(waited_min)}; {why}."


def _only_warns(notice: Notice) -> bool:
    """Return True for a warning of who has lain still for as long as is urgent else."""
    urgent = notice.rule is not None and notice.rule.path.endswith(".urgent_s")
    still = notice.reason is Reason.STILL_TOO_LONG
    return still and urgent and notice.severity is Severity.WARNING


def told_often(notice: Notice) -> bool:
    """Return True if a notice was held back since its sensor or bedside comes and goes."""
    return notice.suppressed_by is SuppressedBy.BUDGET and notice.kind not in BODY_KINDS


def is_unshown(record: NoticeRecord) -> bool:
    """Return True for an early sign that was to be shown to nobody, such as by `early = false`."""
    return record.notice.suppressed_by is SuppressedBy.EARLY_SIGN and not record.steps


def _untold(notice: Notice, why: SuppressedBy) -> str:
    asleep = why is SuppressedBy.LOG_ONLY and notice.reason is Reason.COLD_START
    return _ASLEEP if asleep else _UNTOLD[why]


def _figure(name: str, value: object) -> str:
    name = f"leg_{name}" if name in _OF_LEGS else name
    if name.endswith("_min") and isinstance(value, int | float) and value >= 2 * DAY_MIN:
        return f"{name.removesuffix('_min')} {span(value)}"
    return f"{name} {value}"


def _is_figure(name: str, value: object) -> bool:
    # These are told in sentences of their own.
    counts = ("waited_min", "wait_ended", "counted", "sure_pct", "enough_pct")
    told = (*counts, URGENT_OF, QUIET_LEFT)
    return name not in told and value is not None


def _sure(notice: Notice) -> Iterator[str]:
    """Say how sure it was, and of what: a sign says less than an alert, and is surer of it."""
    figures = dict(notice.figures)
    sure_pct, enough_pct = figures.get("sure_pct"), figures.get("enough_pct")
    if sure_pct is None:
        return
    if is_about(notice) and notice.transition is not TransitionKind.EXPECTED:
        what = "that a foot was bare (somebody lay there: the air by the legs had not fallen)"
    elif is_about(notice):
        what = "that a foot was bare, or that nobody lay there"
    elif notice.transition is TransitionKind.EXPECTED:
        what = "that the cover was off, or that nobody lay there"
    else:
        what = "that somebody lay there with bare legs"
    yield f"  How sure it was: {sure_pct} % {what}."
    if enough_pct is not None:
        yield f"  How sure it had to be for a sound: {enough_pct} %, the less the longer it lasts."


def _counted(notice: Notice) -> Iterator[str]:
    """Say which quantities moved the estimate of the cover most."""
    counted = str(dict(notice.figures).get("counted") or "")
    words = [_COUNTED[Quantity(name)] for name in counted.split(",") if name in list(Quantity)]
    if words:
        yield f"  What counted most: {'; '.join(words)}."


def _rule(notice: Notice, sources: Mapping[str, str]) -> Iterator[str]:
    if notice.rule is not None:
        yield f"  Rule: {notice.rule}"
        source = sources.get(notice.rule.path)
        if source:
            yield f"  Where this limit comes from: {source}"


def headed(found: Incident, zone: tzinfo) -> Iterator[tuple[NoticeRecord, str, str]]:
    """Yield each notice of an alert with its time and its short heading."""
    notices = (record.notice for record in found.notices)
    before_ms = found.notices[0].notice.at_ms
    for record, (notice, sounds) in zip(found.notices, with_sounding(notices), strict=True):
        yield record, moment(notice.at_ms, before_ms, zone), _heading(record, sounds)
        before_ms = notice.at_ms


def _heading(record: NoticeRecord, sounds: Sounding) -> str:
    notice = record.notice
    match notice.transition:
        case TransitionKind.EXPECTED:
            return f"early sign: {title(notice, carer=True)}"
        case TransitionKind.FIRED:
            return f"{title(notice, carer=True)} ({notice.severity})"
        case TransitionKind.ESCALATED:
            return f"raised to {notice.severity}"
        case TransitionKind.RENOTIFIED:
            first = sounds is Sounding.FIRST
            return f"it sounds ({notice.severity})" if first else f"said again ({notice.severity})"
        case TransitionKind.ACKNOWLEDGED:
            useless = notice.reason is Reason.NOT_USEFUL
            return f"{who_within(record.who)} {_ACTS['useless' if useless else 'seen']}"
        case TransitionKind.SNOOZED:
            minutes = dict(notice.figures).get("for_min")
            who = who_within(record.who)
            alerts = f"alerts of kind {notice.kind}"
            if notice.reason is Reason.WARNINGS_ONLY:
                still = still_sounds(notice).rstrip(".")
                alerts = f"warnings of kind {notice.kind}; {still[0].lower()}{still[1:]}"
            return f"{who} asked for quiet for {minutes} min ({alerts})"
        case TransitionKind.UNKNOWN:
            return "can no longer be judged"
        case TransitionKind.WARMING:
            return f"nobody more is told: {title(notice, carer=True)}"
        case TransitionKind.RESOLVED:
            return f"over: {title(notice, carer=True)}"
        case TransitionKind.REPORTED:
            word = "note" if isinstance(notice.kind, FactKind) else "report"
            return f"{word}: {title(notice, carer=True)}"


def journeys(record: NoticeRecord, zone: tzinfo) -> Iterator[str]:
    """Yield one line for each push: person, channel, and every step with its time."""
    by_delivery: dict[int, list[DeliveryStep]] = {}
    for step in record.steps:
        by_delivery.setdefault(step.delivery, []).append(step)
    for steps in by_delivery.values():
        first = steps[0]
        before = (record.notice.at_ms, *(step.at_ms for step in steps))
        trail = "; ".join(map(_step, steps, before, repeat(zone)))
        yield f"{first.person}/{first.channel} ({first.purpose}): {trail}"


def _step(step: DeliveryStep, before_ms: int, zone: tzinfo) -> str:
    again = step.attempt > 1 and step.state is DeliveryState.CLAIMED
    attempt = f" #{step.attempt}" if again else ""
    why = f" ({step.reason})" if step.reason else ""
    return f"{moment(step.at_ms, before_ms, zone, '%H:%M:%S')} {step.state}{attempt}{why}"


def answered(found: Incident, zone: tzinfo) -> Iterator[str]:
    """Yield one line for each answer: time, person, answer and the way it came."""
    before_ms = found.notices[-1].notice.at_ms
    for given in found.answers:
        answer = _ACTS.get(given.action, f"asked for quiet for {given.minutes} min")
        who = who_within(given.person)
        at = moment(given.at_ms, before_ms, zone, "%H:%M:%S")
        yield f"{at}  {who} {answer} ({_WAYS.get(given.via, f'by {given.via}')})"
        before_ms = given.at_ms


def _end(found: Incident, zone: tzinfo) -> str:
    last = found.notices[-1].notice
    if last.transition is TransitionKind.RESOLVED:
        return f"It was over at {moment(last.at_ms, found.notices[0].notice.at_ms, zone)}."
    if last.transition is TransitionKind.UNKNOWN:
        return "Whether it still holds is not known: the bed cannot be judged."
    if last.transition is TransitionKind.WARMING:
        return "It has not ended; the legs become warm."
    if last.transition is TransitionKind.EXPECTED:
        return "It is a sign only; an alert that comes after it has a number of its own."
    if all(one.notice.transition is TransitionKind.SNOOZED for one in found.notices):
        return "No alert stood; the quiet ends by itself."
    if last.transition is TransitionKind.REPORTED and last.reason is not Reason.BEDSIDE_GONE:
        return "It is said once; nothing more follows."
    return "It has not ended."
