"""Who is on call for a bed in a night: whom only the server's log tells comes last.

A line in a log wakes nobody. The next person would wait for an answer that cannot come.
"""

from collections.abc import Mapping
from datetime import date

from legwatch.oncall.people import Person, on_call
from legwatch_server.settings import LOG_ONLY, ServerSettings


def on_duty(settings: ServerSettings, night: date, bed: str) -> tuple[str, ...]:
    """Return who is on call, in the order in which they are told."""
    people = settings.everybody()
    behind = in_log_only(people)
    names = on_call(people, settings.roster, night, bed)
    return tuple(sorted(names, key=lambda name: name in behind))


def in_log_only(people: Mapping[str, Person]) -> frozenset[str]:
    """Return who is told in the server's log only: nothing wakes them."""
    return frozenset(name for name, one in people.items() if set(one.channels) == {LOG_ONLY})
