"""What the settings in force say of each bed; while nobody trusts the time, all is night."""

from collections.abc import Callable, Mapping
from datetime import tzinfo

from legwatch.limits.rules import Rules, always_night
from legwatch_server.beds.registry import BedRecord
from legwatch_server.rest import Rest


class BedRules:
    """Which limits judge a bed, whether it may play recordings, whether it rests."""

    def __init__(
        self,
        beds: Mapping[str, BedRecord],
        rules_of: Callable[[str], Rules],
        plays: Callable[[str], bool],
    ) -> None:
        self._beds, self._rules_of, self.plays = beds, rules_of, plays
        self.rests: Mapping[str, Rest] = {}  # the beds that nobody watches now
        self._all_day = False  # every hour counts as night

    def use(self, rules_of: Callable[[str], Rules], plays: Callable[[str], bool]) -> None:
        """Judge by these limits from the next window on."""
        self._rules_of, self.plays = rules_of, plays
        for bed in self._beds.values():
            bed.rules = self.of(bed.name)

    def watch_all_day(self, all_day: bool) -> None:  # noqa: FBT001 - a switch
        """Let every hour of every real bed count as night, or no longer."""
        if all_day != self._all_day:
            self._all_day = all_day
            self.use(self._rules_of, self.plays)

    def of(self, name: str) -> Rules:
        """Return the limits of a bed."""
        rules = self._rules_of(name)
        return always_night(rules) if self._all_day and not self.plays(name) else rules

    @property
    def zone(self) -> tzinfo:
        """The server's own time zone."""
        return self._rules_of("").zone
