"""Do the beds of people and roster exist? A misspelt one would be watched by nobody, unsaid.

A bed exists if it has a table `[beds.NAME]` or the server has heard it. A roster may also name the
beds that people watch, but a bed that only people and roster name is said: a name that was copied
can be misspelt twice.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from legwatch.conditions.verdict import Severity
from legwatch.errors import LegwatchError, SettingsError
from legwatch.events import AlertKind
from legwatch.oncall.people import Person
from legwatch_runtime.rights import is_there
from legwatch_server.on_duty import in_log_only
from legwatch_server.settings import LOG_ONLY, ServerSettings
from legwatch_server.store.reader import FILE, open_read_only

LAMP = "mqtt"  # the channel whose address is a bed


def heard_beds(settings: ServerSettings) -> frozenset[str] | None:
    """Return the beds that the server of these settings has heard; None: that cannot be read."""
    try:
        return heard(settings)
    except (LegwatchError, OSError):
        return None


def heard(settings: ServerSettings) -> frozenset[str]:
    """Return the beds that the server has heard; raises LegwatchError or OSError with the why."""
    if not is_there(Path(settings.state_dir) / FILE):
        return frozenset()
    with open_read_only(settings.state_dir) as reader:
        return frozenset(reader.heard_beds())


def check_known(settings: ServerSettings, heard: Collection[str] | None) -> None:
    """Raise SettingsError for a shift of a bed that does not exist."""
    for error in unknown_shifts(settings, heard):
        raise error


def unknown_shifts(
    settings: ServerSettings, heard: Collection[str] | None
) -> Iterator[SettingsError]:
    """Yield an error for each bed of a shift that does not exist."""
    if heard is None:
        return
    watched = {bed for person in settings.people.values() for bed in person.beds}
    known = {*settings.beds, *watched, *heard}
    for place, shift in enumerate(settings.roster):
        for bed in shift.beds:
            if bed not in known:
                yield SettingsError(f"roster[{place}].beds", _unknown(bed))


def doubts(settings: ServerSettings, heard: Collection[str] | None) -> Iterator[str]:
    """Yield what may be misspelt: a bed that a person names, and that was not declared or heard."""
    if heard is None:
        return
    known = {*settings.beds, *heard}
    for name, person in settings.people.items():
        lamp = person.address.get(LAMP, "")
        for key, beds in (("beds", person.beds), (f"address.{LAMP}", (lamp,) if lamp else ())):
            unknown = [bed for bed in beds if bed not in known]
            yield from (f"people.{name}.{key}: {_unknown(bed)}" for bed in unknown)

    for name, person in settings.everybody().items():
        choice = beds_of(person, settings, heard)
        uses = LAMP in (*person.channels, *person.quiet) and not person.address.get(LAMP)
        if uses and name in settings.people and len(choice) > 1:
            yield _no_lamp(name, choice)
        if person.out_of_bed and not any(settings.rules_of(b).out.after_s for b in choice or [""]):
            yield f"people.{name}.out_of_bed: nothing is told of an empty bed: out.after_s is 0"


def untold(settings: ServerSettings) -> Iterator[str]:
    """Yield each person who is called, and whom nothing wakes, or who has only the server's log.

    And each key that names the log beside other channels.
    """
    for key in settings.beside_log():
        yield f"{key}: {LOG_ONLY!r} is not used beside other channels: a log wakes nobody"
    everybody = settings.everybody()
    unreached = in_log_only(everybody)
    if settings.people and len(unreached) == len(everybody):
        keys = ", ".join(settings.channel_keys())
        yield f"{keys}: all are told in the server's log only, so nobody is woken"
    for name, person in everybody.items():
        if name in unreached and len(unreached) < len(everybody):
            yield (
                f"people.{name}.channels: {name} is told in the server's log only, and so after all"
                " others: give a channel that reaches a phone"
            )
        for channel in sorted(person.address.keys() - {*person.channels, *person.quiet}):
            yield (
                f"people.{name}.address.{channel}: it is not used: no channel of {name} is"
                f" {channel!r} (people.{name}.channels)"
            )
        woken = any(person.is_woken_by(kind, Severity.URGENT) for kind in AlertKind)
        if not (woken or person.out_of_bed):
            yield f"people.{name}.woken_for: {name} is woken for nothing, also when on call"


def same_phones(settings: ServerSettings) -> Iterator[str]:
    """Yield each way by which two people have one address: the second is nobody new.

    Each push comes twice there, and nobody can tell whose answer it was.
    """
    first = dict[tuple[str, str], str]()
    for name, person in settings.everybody().items():
        for channel in person.channels:
            address = person.address.get(channel, "")
            other = first.setdefault((channel, address), name)
            if other != name and channel not in (LAMP, LOG_ONLY):
                yield (
                    f"people.{name}.address.{channel}: {name} and {other} have the same, so each"
                    f" push comes twice, and the next person may be nobody new: give {name} another"
                )


def beds_of(person: Person, settings: ServerSettings, heard: Iterable[str]) -> list[str]:
    """Return the beds in use that a person watches, as far as they are known, sorted."""
    known = set(person.beds or (*settings.beds, *heard))
    return sorted(known - {bed for bed, table in settings.beds.items() if table.ended})


def _no_lamp(name: str, beds: Collection[str]) -> str:
    return (
        f"people.{name}.address.{LAMP}: not set, so the evening's test cannot choose a lamp"
        f" ({', '.join(beds)}): name the bed; alerts then go to its lamp, too"
    )


def _unknown(bed: str) -> str:
    return f"no bed {bed!r} has been heard yet; write [beds.{bed}] if it comes later"
