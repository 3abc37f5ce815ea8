"""Store a batch with its notices and what is to be sent of them, in one transaction."""

from legwatch_server.notify import holding, sign_over
from legwatch_server.notify.last_word import with_last_word
from legwatch_server.notify.planner import DeliveryPlanner, episode_of
from legwatch_server.notify.quiet_again import without_repeats
from legwatch_server.store.batch import Batch
from legwatch_server.store.changes import MarkAnswered
from legwatch_server.store.port import WriterStore


def commit(store: WriterStore, batch: Batch, planner: DeliveryPlanner, now_ms: int) -> bool:
    """Write a batch; True if the outbox has work.

    Each notice is planned on the deliveries that the notices before it have left. Raises StoreError
    or ValuesRefused; the store is then unchanged.
    """
    work = False
    with store.transaction() as tx:
        tx.write(batch)
        for new in batch.notices:
            ident = tx.add_notice(new)
            before = tx.for_plan(episode_of(new))
            changes = planner.plan(ident, new, before, now_ms)
            changes = without_repeats(changes, new, before, tx.notice)
            tx.apply(with_last_word(changes, before), now_ms)
            work |= bool(changes)
        for one in batch.holdings:
            later = tuple(holding.moved(one, tx.for_plan(one.episode), planner.limits, now_ms))
            tx.apply(later, now_ms)
            work |= bool(later)
        for sign in batch.signs_over:
            back = tuple(sign_over.taken_back(sign, tx.for_plan(sign), now_ms))
            tx.apply(back, now_ms)
            work |= bool(back)
        tx.apply(tuple(MarkAnswered(ident, how) for ident, how in batch.answered), now_ms)
    return work
