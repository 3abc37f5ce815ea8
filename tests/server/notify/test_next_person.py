"""Who is next when a push fails for good."""

from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.next_person import given_up, next_way
from legwatch_server.store.changes import Fail, Hurry, Move
from legwatch_server.store.delivery import DeliveryState
from server.notify.plans import MINUTE_MS, NOW, row, sent

FAILED = row(1, state=DeliveryState.CLAIMED, attempt=1)
LATER = row(9, "bert", due_ms=NOW + 10 * MINUTE_MS)
LAST = row(10, "cleo", due_ms=NOW + 20 * MINUTE_MS)
FAIL = Fail(1, "no")


def test_the_persons_next_channel_is_due_now_and_those_behind_it_keep_their_distance() -> None:
    why = "earlier: phone has not reached anna"
    second = row(2, channel="sms", rank=1, due_ms=NOW + 30_000)
    third = row(3, channel="lamp", rank=2, due_ms=NOW + 60_000)
    all_wait = (FAILED, second, third, LATER)
    assert given_up(FAILED, all_wait, "no", NOW) == (FAIL, Hurry(2), Move(3, -30_000, why))
    assert next_way(FAILED, all_wait, NOW) == (Hurry(2), Move(3, -30_000, why))


def test_a_channel_that_has_failed_before_is_passed_over() -> None:
    third = row(3, channel="lamp", rank=2, due_ms=NOW + 60_000)
    fourth = row(4, channel="mail", rank=3, due_ms=NOW + 90_000)
    for state in (DeliveryState.FAILED, DeliveryState.WITHDRAWN):
        gone = row(2, channel="sms", rank=1, state=state)
        changes = given_up(FAILED, (FAILED, gone, third, fourth), "no", NOW)
        assert changes[1:] == (Hurry(3), Move(4, -60_000, "earlier: phone has not reached anna"))


def test_no_channel_moves_while_the_next_one_is_at_work_or_due() -> None:
    third = row(3, channel="lamp", rank=2, due_ms=NOW + 30_000)
    for second in (row(2, rank=1, attempt=1), row(2, rank=1), sent(2, rank=1)):
        assert given_up(FAILED, (FAILED, second, third), "no", NOW) == (FAIL,)


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


def test_what_makes_no_sound_goes_to_the_next_channel_and_to_no_other_person() -> None:
    quiet = FAILED._replace(purpose=Purpose.QUIET)
    second = row(2, channel="sms", rank=1, purpose=Purpose.QUIET, due_ms=NOW + 30_000)
    for others in ((second, LATER), (second, LATER._replace(purpose=Purpose.QUIET))):
        assert given_up(quiet, (quiet, *others), "no", NOW) == (FAIL, Hurry(2))
        assert next_way(quiet, (quiet, *others), NOW) == (Hurry(2),)


def test_what_is_no_alert_hurries_nobody() -> None:
    for alone in (
        FAILED._replace(purpose=Purpose.QUIET),
        FAILED._replace(notice_id=0, purpose=Purpose.REHEARSAL),
        FAILED._replace(purpose=Purpose.INFO),
    ):
        assert given_up(alone, (alone, LATER), "no", NOW) == (FAIL,)
