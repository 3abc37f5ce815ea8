"""People with their channels, and the roster that says who is on call on which night."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from legwatch.conditions.verdict import RANK, Severity
from legwatch.contract.topics import check_bed
from legwatch.errors import SettingsError, WireError
from legwatch.events import BODY_KINDS, AlertKind, NoticeKind
from legwatch.settings import setting

SLEEPER, CARER, NEVER = "sleeper", "carer", "never"
LANGUAGES = ("en", "de")
EVERYONE = "everyone"  # name of the only person if the settings name nobody
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEVERITIES = (Severity.WARNING.value, Severity.URGENT.value, NEVER)


@dataclass(frozen=True, slots=True)
class Person:
    """A person who gets notifications."""

    role: str = setting(CARER, "who this is", choices=(SLEEPER, CARER))
    language: str = setting("en", "language of the texts", choices=LANGUAGES)
    channels: tuple[str, ...] = setting((), "in order: if one fails, the next is tried")
    quiet: tuple[str, ...] = setting((), "for a warning on hold; empty: the first of channels")
    early: bool = setting(True, "a sleeper: also shown the early sign, by `quiet`")
    out_of_bed: bool = setting(False, "a carer: told, with a sound, of a bed empty at night")
    address: dict[str, str] = setting(
        {}, 'by channel: ntfy = "topic", pushover = "user key"', lines=True
    )
    beds: tuple[str, ...] = setting((), "beds that this person watches; empty: all")
    woken_for: dict[str, str] = setting(
        {}, 'by kind, the lowest severity: cold = "urgent" or "never"'
    )

    def is_woken_by(self, kind: NoticeKind, severity: Severity) -> bool:
        """Return True if an alert of this kind and severity may wake the person."""
        lowest = self.woken_for.get(kind.value, Severity.WARNING.value)
        return lowest != NEVER and RANK[severity] >= RANK[Severity(lowest)]

    def watches(self, bed: str) -> bool:
        """Return True if the person gets notifications of this bed."""
        return not self.beds or bed in self.beds


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call, in the order of notification. A night has the date of its evening."""

    people: tuple[str, ...] = setting(..., "names, in the order of notification")
    nights: tuple[str, ...] = setting((), "mon to sun; empty: every night")
    first: date | None = setting(None, "first night, such as 2026-11-23; not given: no first night")
    last: date | None = setting(None, "last night: the shift ends by itself; not given: no end")
    beds: tuple[str, ...] = setting((), "beds of the shift; empty: all")

    def covers(self, night: date, bed: str) -> bool:
        """Return True if the shift is for this night and bed."""
        started = self.first is None or night >= self.first
        ended = self.last is not None and night > self.last
        day = not self.nights or DAYS[night.weekday()] in self.nights
        return started and not ended and day and (not self.beds or bed in self.beds)


def on_call(
    people: Mapping[str, Person], roster: Iterable[Shift], night: date, bed: str
) -> tuple[str, ...]:
    """Return who is on call for a bed this night, in the order of notification.

    Of several shifts that cover the night the last one in the list counts, so a hand-over stands
    below the shift that it replaces. Without such a shift everybody who watches the bed is on call,
    sleepers first.
    """
    names: tuple[str, ...] = ()
    for shift in roster:
        if shift.covers(night, bed):
            names = shift.people
    return tuple(name for name in names if people[name].watches(bed)) or watchers(people, bed)


def watchers(people: Mapping[str, Person], bed: str) -> tuple[str, ...]:
    """Return everybody who gets notifications of a bed, sleepers first."""
    every = [name for name, person in people.items() if person.watches(bed)]
    return tuple(sorted(every, key=lambda name: people[name].role != SLEEPER))


def told_out_of_bed(
    people: Mapping[str, Person], bed: str, on_duty: Sequence[str]
) -> tuple[str, ...]:
    """Return who is told that a bed is empty at night: those on duty who ask for it.

    If none of them does, it is everybody who asks for it and watches the bed.
    """
    names = tuple(name for name in on_duty if people[name].out_of_bed)
    return names or tuple(name for name in watchers(people, bed) if people[name].out_of_bed)


def check_watched(
    people: Mapping[str, Person], roster: Sequence[Shift], beds: Iterable[str]
) -> None:
    """Raise SettingsError for a bed that nobody watches, or an alert that would wake nobody.

    `beds` are the beds with settings of their own; the beds of roster and people are checked, too.
    """
    paths = {bed: f"people.{name}.beds" for name, p in people.items() for bed in p.beds}
    paths |= {bed: f"roster[{n}].beds" for n, shift in enumerate(roster) for bed in shift.beds}
    paths |= {bed: f"beds.{bed}" for bed in beds}
    for bed, path in paths.items():
        names = watchers(people, bed)
        if not names:
            raise SettingsError(path, f"nobody watches bed {bed!r}; set people.<name>.beds")
        _check_woken(people, names)
    everywhere = [name for name, person in people.items() if not person.beds]
    if everywhere:  # for the beds that the settings do not name
        _check_woken(people, everywhere)


def _check_woken(people: Mapping[str, Person], names: Sequence[str]) -> None:
    for kind in AlertKind:
        severity = (
            Severity.URGENT if kind in BODY_KINDS else Severity.WARNING
        )  # the highest severity of this kind
        if not any(people[name].is_woken_by(kind, severity) for name in names):
            problem = f"{severity} alerts of this kind would wake nobody (of {', '.join(names)})"
            raise SettingsError(f"people.{names[0]}.woken_for.{kind}", problem)


def check(people: Mapping[str, Person], roster: Iterable[Shift]) -> None:
    """Raise SettingsError for an unknown name, kind, level or day, and for a malformed bed."""
    for name, person in people.items():
        path = f"people.{name}"
        if not name.isascii() or not name.replace("-", "").isalnum() or len(name) > 32:
            raise SettingsError(path, "a name is 1-32 letters, digits and -")
        check_beds(person.beds, f"{path}.beds")
        if person.out_of_bed and person.role == SLEEPER:
            raise SettingsError(f"{path}.out_of_bed", "only a carer can be told; not a sleeper")
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
        if len(set(shift.people)) < len(shift.people):
            raise SettingsError(f"{path}.people", "each name is expected once")
        for day in shift.nights:
            if day not in DAYS:
                raise SettingsError(f"{path}.nights", f"{day!r}: one of {', '.join(DAYS)}")
        if shift.first and shift.last and shift.first > shift.last:
            raise SettingsError(f"{path}.last", "lies before `first`")
        check_beds(shift.beds, f"{path}.beds")
        _check_shift(shift, people, path)


def _check_shift(shift: Shift, people: Mapping[str, Person], path: str) -> None:
    """Raise SettingsError for a shift that could never count: its people watch other beds."""
    for bed in shift.beds:
        if watchers(people, bed) and not any(people[name].watches(bed) for name in shift.people):
            raise SettingsError(f"{path}.people", f"none of them watches bed {bed!r}")
    watched = shift.beds and all(watchers(people, bed) for bed in shift.beds)
    for name in shift.people:
        if watched and not any(people[name].watches(bed) for bed in shift.beds):
            raise SettingsError(f"{path}.people", f"{name!r} watches none of the beds of the shift")


def check_beds(beds: Iterable[str], path: str) -> None:
    """Raise SettingsError for a name that no bed can have."""
    for bed in beds:
        try:
            check_bed(bed)
        except WireError as error:
            raise SettingsError(path, str(error)) from None
