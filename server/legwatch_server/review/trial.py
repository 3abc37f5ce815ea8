"""Which beds are in their first nights: their silence must not be mistaken for peace."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from legwatch.alerting.trial_nights import night_number
from legwatch.state_codec import from_json
from legwatch_server.settings import ServerSettings


class TrialStatus(NamedTuple):
    """A bed that learns: the number of the night, and how many there are."""

    bed: str
    night: int
    of: int
    urgent: bool  # urgent cold alerts are told all the same

    @property
    def left(self) -> int:
        """Return how many quiet nights are left, with this one."""
        return self.of - self.night + 1

    def __str__(self) -> str:
        """Return it as a line."""
        but = ", except urgent cold" if self.urgent else ""
        return (
            f"bed {self.bed}: learning, night {self.night} of {self.of}: body alerts are quiet{but}"
        )


def trial_statuses(
    db: sqlite3.Connection, settings: ServerSettings, now_ms: int, bed: str | None = None
) -> Iterator[TrialStatus]:
    """Yield the beds that learn in this night; `bed`: only this one."""
    rows = db.execute(
        "SELECT name, state FROM beds WHERE state IS NOT NULL AND (? IS NULL OR name=?)"
        " ORDER BY name",
        (bed, bed),
    )
    for name, text in rows:
        try:
            state = from_json(text)
        except ValueError:
            continue  # the server says so, and takes the bed as one that has learned
        rules = settings.rules_of(name)
        night = night_number(state.bed.trial, now_ms, rules)
        if night is not None:
            limits = rules.alerts
            yield TrialStatus(name, night, limits.learn_nights, bool(limits.learn_urgent))
