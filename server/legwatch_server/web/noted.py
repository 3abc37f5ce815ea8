"""What the sender of an answer is told: for which bed and alerts it was noted, and until when."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from legwatch.contract.action import Action
from legwatch.events import AlertKind
from legwatch.text.language import Language, marked
from legwatch_server.claims import LinkClaims
from legwatch_server.inbox import Noted
from legwatch_server.store.errors import StoreError
from legwatch_server.store.reader import SqliteReader

_ALERTS: Mapping[AlertKind | None, str] = {
    AlertKind.COLD: marked("cold alerts"),
    AlertKind.STILL: marked("alerts of lying still"),
    AlertKind.SENSOR: marked("sensor alerts"),
    AlertKind.AGENT: marked("alerts of a silent bedside"),
    None: marked("warnings on cold and lying still"),
}
_WHERE = marked("Bed {bed}, {alerts}.")
_STILL_SOUND = marked('Urgent alerts and "I cannot see you" still sound.')
_STILL_SOUND_LEARNING = marked(
    '"I cannot see you" still sounds. All else makes no sound in the first nights.'
)
_COLD_SOUNDS_LEARNING = marked(
    'Urgent cold and "I cannot see you" still sound. All else makes no sound in the first nights.'
)
_QUIET = marked("Noted: {alerts} of bed {bed} are quiet until {clock}.")
_SEEN = marked("Noted: bed {bed}, {alerts}: seen; quiet until it is over or gets worse.")
_NOT_USEFUL = marked(
    "Noted: bed {bed}, {alerts}: not useful; quiet until it is over or gets worse."
)
_SEEN_LATE = marked("Noted: bed {bed}, {alerts}: seen. This alert was over already.")
_NOT_USEFUL_LATE = marked("Noted: bed {bed}, {alerts}: not useful. This alert was over already.")
_AWAKE = marked("Noted: you can be woken tonight.")
_THANKS = marked("Thank you, noted.")


def where(noted: Noted, words: Language) -> str:
    """Name the bed and the alerts that an answer is about; empty if it is about none."""
    if not noted.bed:
        return ""
    return words.gettext(_WHERE).format(bed=noted.bed, alerts=words.gettext(_ALERTS[noted.kind]))


def said(action: Action, noted: Noted, words: Language) -> str:
    """Say what was noted."""
    _ = words.gettext
    bed, alerts = noted.bed, _(_ALERTS[noted.kind])
    if action is Action.AWAKE:
        return _(_AWAKE)
    if not bed:
        return _(_THANKS)
    if action is Action.SNOOZE and noted.until:
        quiet = _(_QUIET).format(bed=bed, alerts=alerts, clock=noted.until)
        learning = _COLD_SOUNDS_LEARNING if noted.cold_sounds else _STILL_SOUND_LEARNING
        sounds = _(learning if noted.learns else _STILL_SOUND)
        return quiet if noted.kind else f"{quiet} {sounds}"
    if action is Action.NOT_USEFUL:
        return _(_NOT_USEFUL_LATE if noted.over else _NOT_USEFUL).format(bed=bed, alerts=alerts)
    if action is Action.SEEN:
        return _(_SEEN_LATE if noted.over else _SEEN).format(bed=bed, alerts=alerts)
    return _(_THANKS)


def looked(path: Path, claims: LinkClaims) -> Noted:
    """Look up what a link is about, in a thread of the web; nothing while the file says nothing."""
    try:
        with closing(SqliteReader(path)) as reader:
            target = reader.target(claims.target, claims.id)
    except StoreError:
        return Noted()
    if target is None or not target.bed:
        return Noted()
    return Noted(target.bed, AlertKind(target.kind) if target.kind else None)
