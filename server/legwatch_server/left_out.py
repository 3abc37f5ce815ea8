"""A channel in whose calls the server ends again and again is left out: the others must send.

The first push that such a channel gets ends the server, and so does the same push after each start.
`legwatch up` counts such ends, and tells the next start of the server which channel to leave out.
"""

import os
import re
from collections.abc import Iterable, Mapping

VARIABLE = "LEGWATCH_LEFT_OUT"  # in the environment of the server: names, with commas between
IN_A_ROW = 3
SOON_S = 600.0  # an end after a longer run is the first of a new row
_CALLING = re.compile(r"calling channel '(?P<name>[^']+)' ")


class Row:
    """Counts the ends of the server in the calls of one channel."""

    def __init__(self) -> None:
        self._ends: list[frozenset[str]] = []

    def ended(self, blamed: Iterable[str], ran_s: float) -> str:
        """Take an end of the server; return the channel to leave out, or an empty text.

        `blamed` is what may have ended it. One that is called beside in each of these ends may be
        innocent: then none is left out.
        """
        found = (_CALLING.match(one) for one in blamed)
        names = frozenset(one["name"] for one in found if one)
        if ran_s > SOON_S or not names:
            self._ends.clear()
        if names:
            self._ends = [*self._ends, names][-IN_A_ROW:]
        always = frozenset.intersection(*self._ends) if len(self._ends) == IN_A_ROW else ()
        if len(always) != 1:
            return ""
        self._ends.clear()
        return next(iter(always))


def also(env: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the environment of a server that leaves out this channel, too."""
    names = [*filter(None, env.get(VARIABLE, "").split(",")), name]
    return {**env, VARIABLE: ",".join(names)}


def is_left_out(name: str) -> bool:
    """Return True if this server must not call a channel."""
    return name in os.environ.get(VARIABLE, "").split(",")
