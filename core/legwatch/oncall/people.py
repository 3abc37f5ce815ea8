"""Who is told: people with their channels, and the roster that says who is on duty which night."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from legwatch.conditions.verdict import RANK, Severity
from legwatch.contract.topics import check_bed
from legwatch.errors import SettingsError, WireError
from legwatch.events import BODY_KINDS, AlertKind
from legwatch.settings import setting

SLEEPER, CARER, NEVER = "sleeper", "carer", "never"
LANGUAGES = ("en", "de")
EVERYONE = "everyone"  # the name of the one person that there is when the settings name nobody
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEVERITIES = (Severity.WARNING.value, Severity.URGENT.value, NEVER)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is told."""

    role: str = setting(CARER, "who this is", choices=(SLEEPER, CARER))
    language: str = setting("en", "language of the texts", choices=LANGUAGES)
    channels: tuple[str, ...] = setting((), "in order: the next one is used when one fails")
    quiet: tuple[str, ...] = setting((), "for the quiet first sign; empty: the first of channels")
    address: dict[str, str] = setting({}, 'by channel: ntfy = "topic", pushover = "user key"')
    beds: tuple[str, ...] = setting((), "beds this person is told of; empty: all")
    woken_for: dict[str, str] = setting({}, 'by kind, from which level: cold = "urgent" or "never"')

    def is_woken_by(self, kind: AlertKind, severity: Severity) -> bool:
        """Say whether an alert of this kind and level may wake the person."""
        lowest = self.woken_for.get(kind.value, Severity.WARNING.value)
        return lowest != NEVER and RANK[severity] >= RANK[Severity(lowest)]

    def watches(self, bed: str) -> bool:
        """Say whether the person is told of this bed at all."""
        return not self.beds or bed in self.beds


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty, in the order in which they are told; a night is named by its evening."""

    people: tuple[str, ...] = setting(..., "names, in the order in which they are told")
    nights: tuple[str, ...] = setting((), "mon to sun; empty: every night")
    first: date | None = setting(None, "first night, such as 2026-11-23; not given: since ever")
    last: date | None = setting(None, "last night: the hand-over ends by itself")
    beds: tuple[str, ...] = setting((), "beds it is for; empty: all")

    def covers(self, night: date, bed: str) -> bool:
        """Say whether the shift is for this night and bed."""
        begun = self.first is None or night >= self.first
        ended = self.last is not None and night > self.last
        day = not self.nights or DAYS[night.weekday()] in self.nights
        return begun and not ended and day and (not self.beds or bed in self.beds)


def on_call(
    people: Mapping[str, Person], roster: Iterable[Shift], night: date, bed: str
) -> tuple[str, ...]:
    """Return the names that are told of a bed this night, in order.

    The last shift in the list that covers the night holds, so a hand-over is written below what it
    replaces. Where no shift does, everybody is on duty, sleepers first: nobody is left unwatched.
    """
    names: tuple[str, ...] = ()
    for shift in roster:
        if shift.covers(night, bed):
            names = shift.people
    return tuple(name for name in names if people[name].watches(bed)) or watchers(people, bed)


def watchers(people: Mapping[str, Person], bed: str) -> tuple[str, ...]:
    """Return everybody who is told of a bed at all, sleepers first."""
    every = [name for name, person in people.items() if person.watches(bed)]
    return tuple(sorted(every, key=lambda name: people[name].role != SLEEPER))


def check_watched(
    people: Mapping[str, Person], roster: Sequence[Shift], beds: Iterable[str]
) -> None:
    """Raise SettingsError for a bed that nobody minds, or that has an alert that wakes nobody.

    `beds` are those with settings of their own; those of the roster and of people count as well.
    """
    paths = {bed: f"people.{name}.beds" for name, p in people.items() for bed in p.beds}
    paths |= {bed: f"roster[{n}].beds" for n, shift in enumerate(roster) for bed in shift.beds}
    paths |= {bed: f"beds.{bed}" for bed in beds}
    for bed, path in paths.items():
        names = watchers(people, bed)
        if not names:
            raise SettingsError(path, f"nobody is told of bed {bed!r}; people.<name>.beds says who")
        _check_woken(people, names)
    everywhere = [name for name, person in people.items() if not person.beds]
    if everywhere:  # beds that the settings do not name
        _check_woken(people, everywhere)


def _check_woken(people: Mapping[str, Person], names: Sequence[str]) -> None:
    for kind in AlertKind:
        severity = (
            Severity.URGENT if kind in BODY_KINDS else Severity.WARNING
        )  # the highest that there is
        if not any(people[name].is_woken_by(kind, severity) for name in names):
            said = f"{severity} alerts of this kind would wake nobody (of {', '.join(names)})"
            raise SettingsError(f"people.{names[0]}.woken_for.{kind}", said)


def check(people: Mapping[str, Person], roster: Iterable[Shift]) -> None:
    """Raise SettingsError for names, kinds, levels, days and beds that there are not."""
    for name, person in people.items():
        path = f"people.{name}"
        if not name.isascii() or not name.replace("-", "").isalnum() or len(name) > 32:
            raise SettingsError(path, "a name is 1-32 letters, digits and -")
        _check_beds(person.beds, f"{path}.beds")
        for kind, severity in person.woken_for.items():
            if kind not in set(AlertKind):
                raise SettingsError(f"{path}.woken_for.{kind}", f"one of {', '.join(AlertKind)}")
            if severity not in _SEVERITIES:
                raise SettingsError(f"{path}.woken_for.{kind}", f"one of {', '.join(_SEVERITIES)}")
    for place, shift in enumerate(roster):
        path = f"roster[{place}]"
        for name in shift.people:
            if name not in people:
                known = ", ".join(people) or "none"
                raise SettingsError(f"{path}.people", f"nobody is called {name!r}; known: {known}")
        if not shift.people:
            raise SettingsError(f"{path}.people", "at least one name is expected")
        for day in shift.nights:
            if day not in DAYS:
                raise SettingsError(f"{path}.nights", f"{day!r}: one of {', '.join(DAYS)}")
        if shift.first and shift.last and shift.first > shift.last:
            raise SettingsError(f"{path}.last", "lies before `first`")
        _check_beds(shift.beds, f"{path}.beds")


def _check_beds(beds: Iterable[str], path: str) -> None:
    for bed in beds:
        try:
            check_bed(bed)
        except WireError as error:
            raise SettingsError(path, str(error)) from None
