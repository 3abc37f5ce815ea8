"""Who would be told of a bed's alerts now, in words for the commands.

A person may refuse a kind of alert. If that leaves nobody on call for what has to be told, all who
watch the bed are told: a command that names only the roster would say less than what happens.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from legwatch.conditions.verdict import Severity
from legwatch.events import AlertKind
from legwatch.night import night_of
from legwatch.oncall.escalation import Watch, woken
from legwatch.oncall.people import Person
from legwatch_server.cli import empty_bed
from legwatch_server.on_duty import on_duty
from legwatch_server.settings import LOG_ONLY, ServerSettings

ALERTS: Mapping[AlertKind, str] = {
    AlertKind.COLD: "cold legs",
    AlertKind.STILL: "lying still",
    AlertKind.SENSOR: "a sensor that fails",
    AlertKind.AGENT: "a bedside that is silent",
}
Names = tuple[str, ...]
_UNREADY, _STUCK = ": CANNOT START", ": THE LAST PUSH DID NOT GET THROUGH"
_IN_LOG = ": the server's log, wakes nobody"


def words(
    settings: ServerSettings,
    bed: str,
    at_ms: int,
    unready: Collection[str] = (),
    stuck: Collection[tuple[str, str]] = (),
) -> str:
    """Return the people in their order with their channels.

    `unready`: channels that the running server says cannot start. `stuck`: person and channel
    of the ways by which the last push has not got through.
    """
    people = settings.everybody()
    night = night_of(at_ms, settings.zone_of(bed))
    names = on_duty(settings, night, bed)
    but = {(name, LOG_ONLY): _IN_LOG for name in people} | dict.fromkeys(stuck, _STUCK)
    but |= {(name, way): _UNREADY for name in people for way in unready}
    shown = {name: f"{name} ({_ways(name, one, but)})" for name, one in people.items()}
    usual = ", then ".join(shown[name] for name in names) or "NOBODY"
    asked = empty_bed.told(settings, bed, at_ms)
    return "; ".join(
        (
            usual,
            *others(settings, bed, night),
            *([f"{empty_bed.NAME}: {', '.join(asked)}"] if asked else []),
        )
    )


def others(settings: ServerSettings, bed: str, night: date) -> Iterator[str]:
    """Yield in words what is told in a night to others than all on call, and to whom."""
    people = settings.everybody()
    watch = Watch(bed, people, on_duty(settings, night, bed))
    for kind, what in ALERTS.items():
        warned = woken(kind, Severity.WARNING, watch)
        if not warned and (urgent := woken(kind, Severity.URGENT, watch)):
            yield f"{what}, if urgent: {_listed(urgent)}"
        elif warned != tuple(watch.on_call):
            yield f"{what}: {_listed(warned)}"


def _ways(name: str, person: Person, but: Mapping[tuple[str, str], str]) -> str:
    return ", ".join(f"{way}{but.get((name, way), '')}" for way in person.channels)


def _listed(names: Names) -> str:
    return ", then ".join(names) or "NOBODY"
