"""What is noted of a bed's present night: by it a night can be replayed as it was lived."""

from typing import NamedTuple

from legwatch.engine import MINUTE_MS, BedState
from legwatch.limits.rules import Rules
from legwatch.night import night_of, noons_ms


class Noted(NamedTuple):
    """How far the notes on a bed have come; `to_ms` 0: its first night has not begun."""

    from_ms: int = 0  # noon
    to_ms: int = 0  # the next noon
    rules: Rules | None = None  # as noted last; None: not yet since the start
    ticked: bool = False  # time has passed without a window since the last note
    began: bool = False  # the server was started again, and that is not noted yet
    lost: bool = False  # and the state could not be read

    def has(self, at_ms: int) -> bool:
        """Return True if a minute belongs to the night that was begun."""
        return self.from_ms <= at_ms < self.to_ms


_MOST = 256  # a few for each zone and each set of limits
_known: dict[tuple[int, ...], Noted] = {}


def shared(noted: Noted) -> Noted:
    """Return what is equal to this and known already: of most beds the same is noted."""
    from_ms, to_ms, rules, *said = noted
    key = (from_ms, to_ms, id(rules), *said)
    found = _known.get(key)
    if found is not None:  # it holds its limits, so their id is still theirs
        return found
    if len(_known) >= _MOST:
        _known.clear()
    _known[key] = noted
    return noted


def last_minute_ms(state: BedState) -> int:
    """Return the end of the last minute that was judged."""
    return state.minute_end_ms - MINUTE_MS


def began_again(state: BedState, rules: Rules) -> Noted:
    """Return what is noted of a bed whose stored state was read at a start."""
    if not state.minute_end_ms:
        return Noted()
    night = night_of(last_minute_ms(state), rules.zone)
    return Noted(*noons_ms(night, rules.zone), began=True)
