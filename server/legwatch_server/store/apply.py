"""Apply Changes to the deliveries: each adds a step with its time and reason, if there is any.

The functions run inside the caller's transaction.
"""

import sqlite3
from typing import assert_never

from legwatch_server.store.changes import (
    Changes,
    Claim,
    DropRecall,
    Fail,
    Hurry,
    Insert,
    MarkAnswered,
    MarkFollowed,
    MarkRecalled,
    MarkSent,
    Move,
    Outcome,
    Recall,
    Retry,
    Supersede,
    Withdraw,
)
from legwatch_server.store.delivery import NEVER_MS, DeliveryState
from legwatch_server.store.errors import StoreDamaged

_INSERT = (
    "INSERT INTO deliveries (notice_id, bed_id, kind, episode_ms, person, channel, rank, tone,"
    " due_ms, next_ms, decided_ms, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)
_STEP = (
    "INSERT INTO steps (delivery_id, at_ms, state, attempt, reason)"
    " SELECT id, ?, ?, attempt, ? FROM deliveries WHERE id=?"
)
_ANSWER_STEP = _STEP.replace(" attempt, ?", " 0, ?")  # an answer belongs to no attempt
_ANSWERABLE = ", ".join(
    f"'{state}'"
    for state in (
        DeliveryState.CLAIMED,
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.WITHDRAWN,
    )
)
_ANSWER = (
    f"UPDATE deliveries SET state='{DeliveryState.ANSWERED}'"
    f" WHERE id=? AND state IN ({_ANSWERABLE})"
)
_CLAIM = (
    f"UPDATE deliveries SET state='{DeliveryState.CLAIMED}', attempt=attempt+1, claimed_ms=?"
    " WHERE id=?"
)
_MOVE = "UPDATE deliveries SET next_ms=next_ms+?, due_ms=due_ms+? WHERE id=?"
_TAKEN_BACK = (
    f"UPDATE deliveries SET state=CASE state WHEN '{DeliveryState.ANSWERED}' THEN state"
    f" ELSE '{DeliveryState.WITHDRAWN}' END, recall_ms=NULL WHERE id=?"
)


def apply(db: sqlite3.Connection, changes: Changes, now_ms: int) -> None:
    """Apply the changes in their order."""
    for change in changes:
        match change:
            case Insert():
                insert(db, change, now_ms)
            case Withdraw(ident, why):
                _end(db, ident, DeliveryState.WITHDRAWN, why, now_ms)
            case Fail(ident, why):
                _end(db, ident, DeliveryState.FAILED, why, now_ms)
            case Supersede(ident):
                _set(db, ident, next_ms=NEVER_MS)
            case Recall(ident, at_ms):
                _set(db, ident, recall_ms=at_ms)
            case DropRecall(ident):
                _set(db, ident, recall_ms=None)
            case Hurry(ident):
                _set(db, ident, next_ms=now_ms, due_ms=now_ms)
            case Move():
                _move(db, change, now_ms)
            case Claim():
                claim(db, change, now_ms)
            case _:
                _record(db, change, now_ms)


def _record(db: sqlite3.Connection, outcome: Outcome, now_ms: int) -> None:
    """Apply what became of an attempt."""
    match outcome:
        case Retry(ident, next_ms, why, step):
            _set(db, ident, state=DeliveryState.DECIDED, next_ms=next_ms, error=why)
            _step(db, ident, DeliveryState.RETRY, step, now_ms)
        case MarkSent():
            _mark_sent(db, outcome, now_ms)
        case MarkFollowed():
            _mark_followed(db, outcome, now_ms)
        case MarkRecalled():
            db.execute(_TAKEN_BACK, (outcome.id,))
            word = DeliveryState.FAILED if outcome.failed else DeliveryState.WITHDRAWN
            _step(db, outcome.id, word, outcome.why, now_ms)
        case MarkAnswered():
            _mark_answered(db, outcome, now_ms)
        case _:
            assert_never(outcome)


def _due_in(wait_ms: int) -> str:
    minutes, seconds = divmod(round(wait_ms / 1000), 60)
    parts = [f"{minutes} min"] if minutes else []
    return f"due in {' '.join([*parts, f'{seconds} s'] if seconds or not parts else parts)}"


def insert(db: sqlite3.Connection, new: Insert, now_ms: int) -> None:
    """Add a delivery."""
    ident = db.execute(
        _INSERT,
        (
            new.notice_id, *new.episode, new.person, new.channel, new.rank, new.purpose.value,
            new.due_ms, new.due_ms, now_ms, DeliveryState.DECIDED.value,
        ),
    ).lastrowid or 0  # fmt: skip
    why = None if new.due_ms == now_ms else _due_in(new.due_ms - now_ms)
    _step(db, ident, DeliveryState.DECIDED, why, now_ms)


def claim(db: sqlite3.Connection, change: Claim, now_ms: int) -> None:
    """Claim a delivery: from now on, the push may have been sent."""
    _one(db.execute(_CLAIM, (now_ms, change.id)), change.id)
    why = "it may have been sent before a crash" if change.again else None
    _step(db, change.id, DeliveryState.CLAIMED, why, now_ms)


def _move(db: sqlite3.Connection, change: Move, now_ms: int) -> None:
    _step(db, change.id, DeliveryState.DECIDED, change.why, now_ms)
    db.execute(_MOVE, (change.by_ms, change.by_ms, change.id))


def _end(db: sqlite3.Connection, ident: int, state: DeliveryState, why: str, now_ms: int) -> None:
    _set(db, ident, state=state, error=why)
    _step(db, ident, state, why, now_ms)


def _mark_sent(db: sqlite3.Connection, change: MarkSent, now_ms: int) -> None:
    state = DeliveryState.DELIVERED if change.delivered else DeliveryState.SENT
    _set(db, change.id, state=state, sent_ms=now_ms, error=None)
    _set(db, change.id, receipt=change.receipt, next_ms=change.next_ms)
    _step(db, change.id, DeliveryState.SENT, change.proof, now_ms)
    if change.delivered:
        _step(db, change.id, DeliveryState.DELIVERED, None, now_ms)


def _mark_followed(db: sqlite3.Connection, change: MarkFollowed, now_ms: int) -> None:
    _set(db, change.id, next_ms=change.next_ms)
    if change.delivered:
        _set(db, change.id, state=DeliveryState.DELIVERED)
        _step(db, change.id, DeliveryState.DELIVERED, None, now_ms)


def _mark_answered(db: sqlite3.Connection, change: MarkAnswered, now_ms: int) -> None:
    """Only what was or may have been sent is answered; the step is added in any case."""
    db.execute(_ANSWER, (change.id,))
    db.execute(_ANSWER_STEP, (now_ms, DeliveryState.ANSWERED.value, change.why, change.id))


def _set(db: sqlite3.Connection, ident: int, **columns: object) -> None:
    names = ", ".join(f"{name}=?" for name in columns)
    _one(db.execute(f"UPDATE deliveries SET {names} WHERE id=?", (*columns.values(), ident)), ident)


def _one(done: sqlite3.Cursor, ident: int) -> None:
    """Raise StoreDamaged if the delivery was not found, which an index has named a moment ago."""
    if done.rowcount != 1:
        raise StoreDamaged(f"delivery {ident} is named by an index, but it is not in its table")


def _step(
    db: sqlite3.Connection, ident: int, state: DeliveryState, why: str | None, now_ms: int
) -> None:
    db.execute(_STEP, (now_ms, state.value, why, ident))
