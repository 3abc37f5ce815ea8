"""What every store must do; a new one is added to STORES and nothing else."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Protocol

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.events import AlertKind, Window
from legwatch.oncall.escalation import Purpose
from legwatch_server.store import upkeep
from legwatch_server.store.batch import Batch, NewNotice, NewState, NewWindow
from legwatch_server.store.changes import Insert
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.delivery import Delivery, Episode
from legwatch_server.store.port import Store
from legwatch_server.store.years import Plan, Years


class Kept(Store, upkeep.Kept, Protocol):
    """A store, and what looks after it."""


def sqlite(folder: Path) -> Kept:
    """Open the store in a folder; the same one when it was open before."""
    return SqliteStore(folder / "legwatch.db", durable=False)


STORES: dict[str, Callable[[Path], Kept]] = {"sqlite": sqlite}

NOW = 1_767_400_000_000
BED = 1
EPISODE = Episode(BED, AlertKind.COLD.value, NOW)
NOTICE = Notice(
    NOW,
    AlertKind.COLD,
    TransitionKind.FIRED,
    Severity.WARNING,
    Reason.COOLED,
    figures=(("leg_c", 24.0), ("usual_c", None), ("wait_ended", "moved")),
    episode_ms=NOW,
    rule=Rule("warmth.warn_c", 27.5),
)
NEW = NewNotice(BED, "anna", NOTICE, "The air by the legs is 24 °C.", who="bert")
INSERT = Insert(
    notice_id=1,
    episode=EPISODE,
    person="bert",
    channel="phone",
    rank=0,
    purpose=Purpose.LOUD,
    due_ms=NOW,
)


def window(seq: int, **seen: object) -> Window:
    to_ms = NOW + seq * 10_000
    fields = {"mono_ms": seq, "clock": "synced", "leg_c": 30.5, "moves": 0, **seen}
    return Window("0000000a", seq, to_ms - 10_000, to_ms, **fields)  # type: ignore[arg-type]


def windows(*seqs: int) -> list[NewWindow]:
    return [NewWindow(BED, 1, window(seq), NOW, late=False) for seq in seqs]


def first_batch() -> Batch:
    """Return a bed with one start of its agent and two windows."""
    return Batch(
        beds=[(BED, "anna")],
        boots=[(1, BED, "0000000a", 0)],
        windows=windows(1, 2),
        uptos={1: 2},
        states=[NewState(BED, "{}", NOW, played=False, bedside="[]")],
    )


def age(store: Kept, now_ms: int) -> None:
    """Let the store do all that becomes of its windows until a moment."""
    years = Years(Plan(lambda: now_ms, lambda _bed: UTC, lambda: 13))
    with closing(store.line()) as line:
        while store.age_some(line, years):
            pass


def with_deliveries(store: Store, *inserts: Insert) -> list[Delivery]:
    """Store a bed, a notice and these deliveries; return the deliveries of its alert."""
    with store.transaction() as tx:
        tx.write(first_batch())
        tx.add_notice(NEW)
        tx.apply(inserts, NOW)
        return list(tx.for_plan(EPISODE))


def now_of(store: Store, ident: int) -> Delivery:
    """Return a delivery of the alert as it is now."""
    with store.transaction() as tx:
        (found,) = (one for one in tx.for_plan(EPISODE) if one.id == ident)
    return found
