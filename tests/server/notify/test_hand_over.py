"""A new roster while an alert waits: who is on duty now hears, in the order of now."""

from legwatch_server.notify.recovery import repairs
from legwatch_server.store.changes import Move
from legwatch_server.store.delivery import Delivery
from server.notify.plans import MINUTE_MS, NOW, planner, row, sent
from server.notify.test_channels_left import BED, CLEO, LATER, added, after, gone, reloaded

OFF = CLEO | {"beds": ["other"]}  # still known, and not on duty for this bed
STEP_S = 600
BERT_NEXT = row(2, "bert", due_ms=NOW + 10 * MINUTE_MS)
CLEO_NEXT = row(3, "cleo", due_ms=NOW + 20 * MINUTE_MS)
PLAN = (sent(1), BERT_NEXT, CLEO_NEXT)


def test_if_nobody_who_was_told_is_on_duty_the_first_of_the_new_order_hears_at_once() -> None:
    changes = reloaded(*PLAN, cleo=CLEO, bert=CLEO, anna=OFF)
    assert gone(changes) == [2, 3]
    assert added(changes) == [("cleo", "phone", 0, 0), ("bert", "phone", 0, STEP_S)]
    left = after(PLAN, changes)
    assert reloaded(*left, cleo=CLEO, bert=CLEO, anna=OFF) == ()


def test_that_holds_in_the_old_order_and_for_who_is_no_longer_in_the_settings() -> None:
    now = [("bert", "phone", 0, 0), ("cleo", "phone", 0, STEP_S)]
    assert added(reloaded(*PLAN, bert=CLEO, cleo=CLEO, anna=OFF)) == now
    assert added(reloaded(*PLAN, bert=CLEO, cleo=CLEO)) == now


def test_while_who_was_told_is_on_duty_a_new_order_changes_places_and_no_times() -> None:
    changes = reloaded(*PLAN, anna=CLEO, cleo=CLEO, bert=CLEO)
    assert gone(changes) == [2, 3]
    assert added(changes) == [("cleo", "phone", 0, 300), ("bert", "phone", 0, 300 + STEP_S)]
    left = after(PLAN, changes)
    assert reloaded(*left, anna=CLEO, cleo=CLEO, bert=CLEO) == ()


def test_the_same_duty_plans_nothing_anew() -> None:
    assert reloaded(*PLAN, anna=CLEO, bert=CLEO, cleo=CLEO) == ()
    assert reloaded(*PLAN, bert=CLEO, anna=CLEO, cleo=CLEO) == ()  # anna has heard it


def test_a_start_after_an_outage_follows_the_new_order_too() -> None:
    missed: tuple[Delivery, ...] = (
        sent(1),
        BERT_NEXT._replace(due_ms=NOW),
        CLEO_NEXT._replace(due_ms=NOW + 10 * MINUTE_MS),
    )
    changes = repairs(planner(cleo=CLEO, bert=CLEO, anna=OFF), (BED,), missed, LATER)
    assert gone(changes) == [2, 3]
    assert added(changes) == [("cleo", "phone", 0, 0), ("bert", "phone", 0, STEP_S)]
    assert not any(isinstance(one, Move) for one in changes)
