"""The tries that have failed by one way since a push has left by it."""

import sqlite3
from itertools import takewhile

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.delivery import DeliveryState
from legwatch_server.store.records import FailedTries

# Of the newest pushes only: years of them have no index by person, and what is older matters no
# more. A push that is taken back in vain has a step "failed", too, but its state is another.
_NEWEST = 500
_LEFT = (DeliveryState.SENT, DeliveryState.ANSWERED)
_FAILED = (DeliveryState.RETRY, DeliveryState.FAILED)
_STEPS = (
    "SELECT s.state, s.at_ms, s.reason, d.state FROM"
    " (SELECT * FROM deliveries ORDER BY id DESC LIMIT ?) d"
    " JOIN steps s ON s.delivery_id=d.id WHERE d.person=? AND d.channel=?"
    f" AND d.tone!='{Purpose.REHEARSAL}' AND d.claimed_ms IS NOT NULL AND s.at_ms>?"
    f" AND (s.state IN ('{DeliveryState.RETRY}', '{_LEFT[0]}', '{_LEFT[1]}')"
    f" OR (s.state='{DeliveryState.FAILED}' AND d.state='{DeliveryState.FAILED}'))"
    " ORDER BY s.id DESC"
)
_AGAIN = "; again in "


def again_in(error: str, wait_s: float) -> str:
    """Return the reason of a step for a try that has failed, and is made again."""
    return f"{error}{_AGAIN}{wait_s:.0f} s"


def error_of(reason: str | None) -> str:
    """Return the error alone from the reason of a step."""
    return (reason or "").rsplit(_AGAIN, 1)[0]


def has_left(state: DeliveryState) -> bool:
    """Return True for a step by which a push has reached a person's service."""
    return state in _LEFT


def has_failed(state: DeliveryState) -> bool:
    """Return True for a step of a try that has failed."""
    return state in _FAILED


def failed(db: sqlite3.Connection, person: str, channel: str, after_ms: int) -> FailedTries | None:
    """Return the tries since the last push that has left, and since a time; None: none failed."""
    rows = db.execute(_STEPS, (_NEWEST, person, channel, after_ms)).fetchall()
    tries = list(takewhile(lambda row: row[0] not in _LEFT, rows))
    if not tries:
        return None
    (_, at_ms, reason, state), (_, since_ms, *_) = tries[0], tries[-1]
    return FailedTries(error_of(reason), DeliveryState(state), len(tries), since_ms, at_ms)
