"""The tries that have failed by one way since a push has left by it."""

import sqlite3
from itertools import takewhile

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.delivery import GOT_THROUGH, DeliveryState, error_of
from legwatch_server.store.records import FailedTries

# Of the newest pushes only: years of them have no index by person, and what is older matters no
# more. A push that is taken back in vain has a step "failed", too, but its state is another.
_NEWEST = 500
_STEPS = (
    "SELECT s.state, s.at_ms, s.reason, d.state FROM"
    " (SELECT * FROM deliveries ORDER BY id DESC LIMIT ?) d"
    " JOIN steps s ON s.delivery_id=d.id WHERE d.person=? AND d.channel=?"
    f" AND d.tone!='{Purpose.REHEARSAL}' AND d.claimed_ms IS NOT NULL AND s.at_ms>?"
    f" AND (s.state IN ('{DeliveryState.RETRY}', '{GOT_THROUGH[0]}', '{GOT_THROUGH[1]}')"
    f" OR (s.state='{DeliveryState.FAILED}' AND d.state='{DeliveryState.FAILED}'))"
    " ORDER BY s.id DESC"
)


def failed(db: sqlite3.Connection, person: str, channel: str, after_ms: int) -> FailedTries | None:
    """Return the tries since the last push that has left, and since a time; None: none failed."""
    rows = db.execute(_STEPS, (_NEWEST, person, channel, after_ms)).fetchall()
    tries = list(takewhile(lambda row: row[0] not in GOT_THROUGH, rows))
    if not tries:
        return None
    (_, at_ms, reason, state), (_, since_ms, *_) = tries[0], tries[-1]
    return FailedTries(error_of(reason), DeliveryState(state), len(tries), since_ms, at_ms)
