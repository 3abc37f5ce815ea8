"""Who is next when a push fails for good."""

from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.next_person import given_up
from legwatch_server.store.changes import Fail, Hurry, Move
from legwatch_server.store.delivery import DeliveryState
from server.notify.plans import MINUTE_MS, NOW, row, sent

FAILED = row(1, state=DeliveryState.CLAIMED, attempt=1)
LATER = row(9, "bert", due_ms=NOW + 10 * MINUTE_MS)
LAST = row(10, "cleo", due_ms=NOW + 20 * MINUTE_MS)
FAIL = Fail(1, "no")


def test_the_persons_next_channel_is_due_now() -> None:
    second = row(2, channel="sms", rank=1, due_ms=NOW + 30_000)
    third = row(3, channel="lamp", rank=2, due_ms=NOW + 60_000)
    assert given_up(FAILED, (FAILED, second, third, LATER), "no", NOW) == (FAIL, Hurry(2))


def test_without_another_channel_all_later_people_come_earlier() -> None:
    why = "earlier: anna cannot be reached"
    by_ms = -10 * MINUTE_MS
    assert given_up(FAILED, (FAILED, LATER, LAST), "no", NOW) == (
        FAIL,
        Move(9, by_ms, why),
        Move(10, by_ms, why),
    )


def test_nobody_comes_earlier_while_another_channel_may_reach_the_person() -> None:
    for other in (sent(2, rank=1), row(2, rank=1, attempt=1), row(2, rank=2)):
        assert given_up(FAILED, (FAILED, other, LATER), "no", NOW) == (FAIL,)
    hopeless = row(2, rank=1, state=DeliveryState.FAILED)
    assert len(given_up(FAILED, (FAILED, hopeless, LATER), "no", NOW)) == 2


def test_people_of_another_notice_are_left_alone() -> None:
    other = LATER._replace(notice_id=2)
    assert given_up(FAILED, (FAILED, other), "no", NOW) == (FAIL,)


def test_what_is_no_alert_hurries_nobody() -> None:
    for alone in (
        FAILED._replace(purpose=Purpose.QUIET),
        FAILED._replace(notice_id=0, purpose=Purpose.REHEARSAL),
        FAILED._replace(purpose=Purpose.INFO),
    ):
        assert given_up(alone, (alone, LATER), "no", NOW) == (FAIL,)
