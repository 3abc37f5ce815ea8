"""Which beds are out of use: for some time, such as a holiday or a stay in hospital, or for good.

A bed at rest is not watched: nothing of it is judged, told or missed. What its bedside still sends
is stored.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from legwatch.night import local, noon_ms
from legwatch_server.settings import BedTable, ServerSettings


class Rest(StrEnum):
    """Whether a bed is watched."""

    WATCHED = "watched"
    PAUSED = "paused"
    ENDED = "ended"


WATCHED = Rest.WATCHED  # every window asks for it, and to look a member up is slow


class Rests:
    """The beds at rest by the settings; any thread may ask."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def at(self, now_ms: int) -> Mapping[str, Rest]:
        """Return the beds that are at rest now."""
        found = {name: self.of(name, now_ms) for name in self._until}
        return {name: rest for name, rest in found.items() if rest is not Rest.WATCHED}

    def of(self, bed: str, now_ms: int) -> Rest:
        """Return whether a bed is watched now."""
        if bed not in self._until:
            return Rest.WATCHED
        until_ms = self._until[bed]
        if until_ms is None:
            return Rest.ENDED
        return Rest.PAUSED if now_ms < until_ms else Rest.WATCHED

    def until_ms(self, bed: str) -> int | None:
        """Return when the pause of a bed ends, UTC ms; None: it has none, or is ended."""
        return self._until.get(bed)

    def said(self, bed: str, now_ms: int) -> str:
        """Return the state of a bed in words."""
        rest, until_ms = self.of(bed, now_ms), self.until_ms(bed)
        if rest is not Rest.PAUSED or until_ms is None:
            return "out of use" if rest is Rest.ENDED else "watched"
        return f"paused until noon of {local(until_ms, self._settings.zone_of(bed)):%a %d %b %Y}"

    @cached_property
    def _until(self) -> dict[str, int | None]:
        """By bed at rest the end of its pause; None: there is no end."""
        return {
            name: None if table.ended else _end_ms(self._settings, name, table)
            for name, table in self._settings.beds.items()
            if table.ended or table.paused_until is not None
        }


def _end_ms(settings: ServerSettings, name: str, table: BedTable) -> int:
    assert table.paused_until is not None
    # The night of the day that is named is watched.
    return noon_ms(table.paused_until, settings.zone_of(name))
