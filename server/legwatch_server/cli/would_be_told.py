"""Who would be told of a bed's alerts now, in words for the commands.

A person may refuse a kind of alert. If that leaves nobody on call for what has to be told, all who
watch the bed are told: a command that names only the roster would say less than what happens.
"""

from collections.abc import Collection, Iterator, Mapping

from legwatch.conditions.verdict import Severity
from legwatch.events import AlertKind
from legwatch.night import night_of
from legwatch.oncall.escalation import Watch, woken
from legwatch.oncall.people import Person, on_call
from legwatch_server.cli import empty_bed
from legwatch_server.settings import ServerSettings

Names = tuple[str, ...]
_UNREADY, _STUCK = ": CANNOT START", ": THE LAST PUSH DID NOT GET THROUGH"


def words(
    settings: ServerSettings,
    bed: str,
    at_ms: int,
    alerts: Mapping[AlertKind, str],
    unready: Collection[str] = (),
    stuck: Collection[tuple[str, str]] = (),
) -> str:
    """Return the people in their order with their channels; `alerts`: the words for each kind.

    `unready`: channels that the running server says cannot start. `stuck`: person and channel
    of the ways by which the last push has not got through.
    """
    people = settings.everybody()
    names = on_call(people, settings.roster, night_of(at_ms, settings.zone_of(bed)), bed)
    but = dict.fromkeys(stuck, _STUCK)
    but |= {(name, way): _UNREADY for name in people for way in unready}
    shown = {name: f"{name} ({_ways(name, one, but)})" for name, one in people.items()}
    others = _others(Watch(bed, people, names), alerts)
    usual = ", then ".join(shown[name] for name in names) or "NOBODY"
    asked = empty_bed.told(settings, bed, at_ms)
    return "; ".join(
        (
            usual,
            *(f"{what}: {_listed(who)}" for what, who in others),
            *([f"{empty_bed.NAME}: {', '.join(asked)}"] if asked else []),
        )
    )


def _ways(name: str, person: Person, but: Mapping[tuple[str, str], str]) -> str:
    return ", ".join(f"{way}{but.get((name, way), '')}" for way in person.channels)


def _others(watch: Watch, alerts: Mapping[AlertKind, str]) -> Iterator[tuple[str, Names]]:
    """Yield what is told to others than those on call, and to whom."""
    for kind, what in alerts.items():
        warned = woken(kind, Severity.WARNING, watch)
        if not warned and (urgent := woken(kind, Severity.URGENT, watch)):
            yield f"{what}, if urgent", urgent
        elif warned != tuple(watch.on_call):
            yield what, warned


def _listed(names: Names) -> str:
    return ", then ".join(names) or "NOBODY"
