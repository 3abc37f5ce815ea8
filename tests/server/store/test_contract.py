"""One store after the other does what the ports promise."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date
from functools import partial
from pathlib import Path

import pytest

from legwatch.events import FactKind
from legwatch.night import night_of
from legwatch.oncall.escalation import Purpose
from legwatch_server.claims import Target, TargetKind
from legwatch_server.store.batch import Batch, NewWindow, SetAside
from legwatch_server.store.changes import (
    Change,
    Claim,
    DropRecall,
    Fail,
    Hurry,
    MarkAnswered,
    MarkFollowed,
    MarkRecalled,
    MarkSent,
    Move,
    Recall,
    Retry,
    Supersede,
    Withdraw,
)
from legwatch_server.store.delivery import NEVER_MS, Delivery, DeliveryState, again_in
from legwatch_server.store.errors import ValuesRefused
from legwatch_server.store.port import OutboxStore, Store
from legwatch_server.store.records import FailedTries, StoredBed
from server.store.contract import (
    BED,
    EPISODE,
    INSERT,
    NEW,
    NOTICE,
    NOW,
    STORES,
    Kept,
    age,
    first_batch,
    now_of,
    window,
    windows,
    with_deliveries,
)

DAY_MS = 86_400_000


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Kept]:
    """Open the same store, as often as it is called."""
    return partial(STORES[request.param], tmp_path)


@pytest.fixture
def store(open_store: Callable[[], Kept]) -> Iterator[Kept]:
    with closing(open_store()) as made:
        yield made


def test_what_is_written_is_there_after_it_is_opened_again(
    store: Store, open_store: Callable[[], Store]
) -> None:
    with store.transaction() as tx:
        tx.write(first_batch())
    with closing(open_store()) as again:
        assert again.beds() == [
            StoredBed(BED, "anna", "{}", NOW, played=False, bedside="[]", noon=False)
        ]
        assert (again.boot(BED, "anna", "0000000a") or ())[:3] == (1, 2, set())
        assert again.next_boot_id() == 2


def test_what_a_stored_state_has_not_seen_is_given_back_in_order(
    store: Store, open_store: Callable[[], Store]
) -> None:
    with store.transaction() as tx:
        tx.write(first_batch())
    later = [NewWindow(BED, 1, window(4), NOW, late=True)]
    with store.transaction() as tx:  # of these only the late one needs no state
        tx.write(Batch(windows=[*windows(3), *later, *windows(5)]))
    with closing(open_store()) as again:
        assert [(bed, one.seq) for bed, one in again.unseen()] == [(BED, 3), (BED, 5)]
    with store.transaction() as tx:
        tx.write(Batch(windows=windows(6), states=first_batch().states))
    assert store.unseen() == []


def test_what_two_sweeps_have_passed_is_not_looked_at_again(store: Store) -> None:
    with store.transaction() as tx:
        tx.write(first_batch())
    for seq in (3, 4, 5):
        with store.transaction() as tx:
            tx.write(Batch(windows=windows(seq), swept=seq != 5))
    # The first sweep saw window 3; a bed that is still behind then is stored by the second.
    assert [one.seq for _, one in store.unseen()] == [4, 5]


def test_after_an_exception_nothing_is_stored(store: Store) -> None:
    def broken() -> None:
        with store.transaction() as tx:
            tx.write(first_batch())
            tx.apply((INSERT,), NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert store.beds() == []
    with store.transaction() as tx:
        assert tx.for_plan(EPISODE) == []


def test_values_that_cannot_be_stored_are_no_fault_of_the_store(store: Store) -> None:
    with store.transaction() as tx:
        tx.write(first_batch())
    with pytest.raises(ValuesRefused), store.transaction() as tx:
        tx.write(Batch(beds=[(2, None)]))  # type: ignore[list-item]
    assert (store.boot(BED, "anna", "0000000a") or ())[:3] == (1, 2, set())


def test_windows_ahead_of_a_gap_are_known(store: Store) -> None:
    refused = SetAside(NOW, "topic", "anna", "0000000a", 7, "why", b"payload")
    with store.transaction() as tx:
        tx.write(first_batch())
        tx.write(Batch(windows=windows(4), quarantine=[refused]))
    assert (store.boot(BED, "anna", "0000000a") or ())[:3] == (1, 2, {4, 7})
    assert store.boot(BED, "anna", "0000000b") is None


@pytest.mark.parametrize("after_days", [0, 2, 9])
def test_windows_are_read_as_they_were_measured(store: Kept, after_days: int) -> None:
    """Whether they lie as they came, are packed but for the last of them, or all of a bed are."""
    seen = {"faults": (("leg", "checksum"), ("room", "no answer")), "in_bed": True, "moved_s": 1.5}
    batch = first_batch()
    batch.windows = [batch.windows[0]._replace(window=window(1, **seen)), *batch.windows[1:]]
    late = windows(3)[0]._replace(late=True)
    with store.transaction() as tx:
        tx.write(batch)
        tx.write(Batch(windows=[late], uptos={1: 3}, swept=True))
        tx.write(Batch(swept=True))
        if after_days:  # another bed's window came last
            other = windows(1)[0]._replace(bed_id=BED + 1, boot_id=2)
            new = [(BED + 1, "bert")], [(2, BED + 1, "0000000b", 0)]
            tx.write(Batch(beds=new[0], boots=new[1], windows=[other], swept=True))
    age(store, NOW + after_days * DAY_MS)
    with store.reader() as reader:
        assert list(reader.windows(BED, 0)) == [
            window(1, **seen)._replace(boot=""),
            window(2)._replace(boot=""),
        ]
        assert reader.span(BED) == (window(1).to_ms, window(2).to_ms)
        assert reader.span(BED + 2) is None
        first = reader.first_window(BED, window(1).to_ms)
        assert [one.seq for one in reader.windows(BED, first)] == [2]
        assert [one.seq for one in reader.newest(BED, 2)] == [3, 2]
        assert [(one.id, one.bed, one.late) for one in reader.windows_after(1, 2)] == [
            (2, "anna", 0),
            (3, "anna", 1),
        ]
        count = 4 if after_days else 3
        assert (reader.last_window(), reader.window_count()) == (count, count)
        night = night_of(NOW, UTC)
        counted = sum(one.windows for one in reader.minutes(BED, night))
        assert counted == (3 if after_days else 0)
        assert len(reader.nights(BED, night, night)) == bool(after_days)


def test_presses_count_once_and_the_last_are_known_in_order(store: Store) -> None:
    presses: list[tuple[object, ...]] = [(BED, f"p{n}", "ack", NOW, None) for n in (1, 2, 3, 2)]
    with store.transaction() as tx:
        tx.write(first_batch())
        tx.write(Batch(presses=presses))
    assert store.presses(BED, 2) == ("p2", "p3")
    assert store.pressed(BED, "p1")
    assert not store.pressed(BED, "p4")


def test_a_cold_room_of_this_evening_hides_no_night(store: Store) -> None:
    room = replace(NOTICE, kind=FactKind.ROOM, at_ms=NOTICE.at_ms + 24 * 3_600_000)
    with store.transaction() as tx:
        tx.write(first_batch())
        tx.add_notice(replace(NEW, notice=room))
    with store.reader() as reader:
        assert reader.last_night(UTC) is None
    with store.transaction() as tx:
        tx.add_notice(NEW)
    with store.reader() as reader:
        assert reader.last_night(UTC) == date(2026, 1, 2)


def test_a_notice_is_read_as_it_was_decided(store: Store) -> None:
    with store.transaction() as tx:
        tx.write(first_batch())
        ident = tx.add_notice(NEW)
        assert tx.notice(ident) == (ident, "anna", "bert", NEW.text, NOTICE)
        assert tx.notice(ident + 1) is None
    with store.reader() as reader:
        assert reader.notices_after(0, 9) == [(ident, "anna", "bert", NEW.text, NOTICE)]
        assert reader.notices_after(ident, 9) == []
        night = reader.last_night(UTC)
        assert night == date(2026, 1, 2)
        (incident,) = reader.incidents(night, UTC)
        assert (incident.bed, incident.notices[0].notice) == ("anna", NOTICE)
        assert reader.incidents(night, UTC, "another bed") == []
        assert reader.incident(ident) == incident
        assert reader.incident(ident + 1) is None


def test_an_answer_is_found_by_its_link_and_names_what_it_is_about(store: Store) -> None:
    (delivery,) = with_deliveries(store, INSERT)
    answer = (NOW, b"token", 1, BED, "bert", "awake", None, "link")
    with store.transaction() as tx:
        tx.write(Batch(answers=[answer]))
    assert (store.used_ms(b"token"), store.used_ms(b"other")) == (NOW, None)
    alert = Target("anna", BED, 1, "cold", NOW, person="bert")
    assert store.target(TargetKind.DELIVERY, delivery.id) == alert
    assert store.target(TargetKind.NOTICE, 1) == Target("anna", BED, 1, "cold", NOW)
    assert store.target(TargetKind.BED, BED) == Target("anna", BED)
    assert store.target(TargetKind.BED, BED + 1) is None
    with store.reader() as reader:
        assert (reader.confirmed_ms("bert"), reader.confirmed_ms("cleo")) == (NOW, None)


def test_an_evening_is_noted_with_the_beds_that_it_tells_of(store: Store) -> None:
    assert (store.rehearsed(), store.trial_ends_announced()) == ("", set())
    with store.transaction() as tx:
        tx.note_rehearsal("2026-01-02", frozenset({3, 11}))
    assert (store.rehearsed(), store.trial_ends_announced()) == ("2026-01-02", {3, 11})


# ---- deliveries


def test_a_new_delivery_is_decided_and_due(store: Store) -> None:
    (delivery,) = with_deliveries(store, INSERT._replace(due_ms=NOW + 60_000))
    assert delivery == Delivery(
        id=1,
        notice_id=1,
        bed_id=BED,
        kind="cold",
        episode_ms=NOW,
        person="bert",
        channel="phone",
        rank=0,
        purpose=Purpose.LOUD,
        state=DeliveryState.DECIDED,
        attempt=0,
        decided_ms=NOW,
        due_ms=NOW + 60_000,
        next_ms=NOW + 60_000,
        sent_ms=None,
        receipt="",
        recall_ms=None,
    )


SENT = MarkSent(1, receipt="r", next_ms=NOW + 5, delivered=False, proof=None)
OUTCOMES: dict[str, tuple[tuple[Change, ...], dict[str, object]]] = {
    "withdrawn": ((Withdraw(1, "why"),), {"state": DeliveryState.WITHDRAWN}),
    "failed": ((Fail(1, "why"),), {"state": DeliveryState.FAILED}),
    "superseded": ((Supersede(1),), {"next_ms": NEVER_MS}),
    "recalled": ((Recall(1, NOW + 7),), {"recall_ms": NOW + 7}),
    "not recalled": ((Recall(1, NOW), DropRecall(1)), {"recall_ms": None}),
    "moved": ((Move(1, -3, "why"),), {"due_ms": NOW - 3, "next_ms": NOW - 3}),
    "hurried": ((Move(1, 9, "why"), Hurry(1)), {"due_ms": NOW, "next_ms": NOW}),
    "claimed": ((Claim(1, again=False),), {"state": DeliveryState.CLAIMED, "attempt": 1}),
    "tried again": (
        (Claim(1, again=False), Retry(1, NOW + 2, "why", "step")),
        {"state": DeliveryState.DECIDED, "attempt": 1, "next_ms": NOW + 2},
    ),
    "sent": (
        (Claim(1, again=False), SENT),
        {"state": DeliveryState.SENT, "sent_ms": NOW, "receipt": "r", "next_ms": NOW + 5},
    ),
    "delivered": ((SENT._replace(delivered=True),), {"state": DeliveryState.DELIVERED}),
    "followed": (
        (SENT, MarkFollowed(1, NOW + 9, delivered=True)),
        {"state": DeliveryState.DELIVERED, "next_ms": NOW + 9},
    ),
    "asked about": (
        (SENT, MarkFollowed(1, NOW + 9, delivered=False)),
        {"state": DeliveryState.SENT, "next_ms": NOW + 9},
    ),
    "taken back": (
        (SENT, Recall(1, NOW), MarkRecalled(1, "why")),
        {"state": DeliveryState.WITHDRAWN, "recall_ms": None, "sent_ms": NOW},
    ),
    "answered and taken back": (
        (SENT, MarkAnswered(1, "why"), Recall(1, NOW), MarkRecalled(1, "why")),
        {"state": DeliveryState.ANSWERED},
    ),
    "answered before it was sent": (
        (MarkAnswered(1, "why"),),
        {"state": DeliveryState.DECIDED},
    ),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_change_is_what_becomes_of_a_delivery(name: str, store: Store) -> None:
    changes, expected = OUTCOMES[name]
    (delivery,) = with_deliveries(store, INSERT)
    with store.transaction() as tx:
        tx.apply(changes, NOW)
    found = now_of(store, delivery.id)
    assert {field: getattr(found, field) for field in expected} == expected
    assert store.answered(delivery.id) is (found.state is DeliveryState.ANSWERED)


def test_every_step_is_told_with_its_time_and_reason(store: Store) -> None:
    with_deliveries(store, INSERT._replace(due_ms=NOW + 60_000))
    changes = (Claim(1, again=True), Retry(1, NOW + 2, "why", "step"), Withdraw(1, "enough"))
    with store.transaction() as tx:
        tx.apply(changes, NOW + 1)
    with store.reader() as reader:
        found = reader.incident(1)
    assert found is not None
    assert [(s.at_ms, s.state, s.attempt, s.reason) for s in found.notices[0].steps] == [
        (NOW, DeliveryState.DECIDED, 0, "due in 1 min"),
        (NOW + 1, DeliveryState.CLAIMED, 1, "it may have been sent before a crash"),
        (NOW + 1, DeliveryState.RETRY, 1, "step"),
        (NOW + 1, DeliveryState.WITHDRAWN, 1, "enough"),
    ]


@pytest.mark.parametrize(
    ("wait_s", "words"), [(5, "5 s"), (60, "1 min"), (65, "1 min 5 s"), (600, "10 min")]
)
def test_a_wait_is_said_in_whole_seconds(wait_s: int, words: str, store: Store) -> None:
    with_deliveries(store, INSERT._replace(due_ms=NOW + wait_s * 1000))
    with store.reader() as reader:
        found = reader.incident(1)
    assert found is not None
    assert found.notices[0].steps[0].reason == f"due in {words}"


def test_a_plan_is_given_its_alert_and_the_open_information_of_older_ones(store: Store) -> None:
    older = EPISODE._replace(episode_ms=NOW - 1)
    info = INSERT._replace(episode=older, purpose=Purpose.INFO)
    others = (
        info,
        info._replace(channel="sms"),
        INSERT._replace(episode=older),
        INSERT._replace(episode=EPISODE._replace(bed_id=2)),
        info._replace(episode=older._replace(kind="still")),
    )
    found = with_deliveries(store, INSERT, *others)
    assert [one.id for one in found] == [1, 2, 3]
    with store.transaction() as tx:
        tx.apply((Withdraw(3, "why"),), NOW)
        assert [one.id for one in tx.for_plan(EPISODE)] == [1, 2]


def test_what_is_unfinished_comes_with_the_loud_ones_of_its_alert(store: Store) -> None:
    ended = INSERT._replace(episode=EPISODE._replace(episode_ms=NOW - 1))
    quiet = INSERT._replace(purpose=Purpose.QUIET)
    with_deliveries(store, INSERT, INSERT, quiet, ended)
    with store.transaction() as tx:
        tx.apply(tuple(Withdraw(ident, "why") for ident in (2, 3, 4)), NOW)
        assert [one.id for one in tx.unfinished()] == [1, 2]
        tx.apply((Recall(4, NOW),), NOW)
        assert [one.id for one in tx.unfinished()] == [1, 2, 4]


def test_a_channel_sees_its_own_due_deliveries_alerts_first(store: Store) -> None:
    with_deliveries(
        store,
        INSERT._replace(purpose=Purpose.INFO),
        INSERT,
        INSERT._replace(channel="sms"),
        INSERT._replace(due_ms=NOW + 9),
    )
    with closing(store.outbox("phone")) as outbox:
        assert [one.id for one in outbox.to_send(NOW, 9)] == [2, 1]
        assert [one.id for one in outbox.to_send(NOW, 1)] == [2]
        assert [one.id for one in outbox.to_send(NOW + 9, 9)] == [2, 4, 1]
        assert outbox.next_ms() == NOW
        (first, *_) = outbox.to_send(NOW, 1)
        assert [one.id for one in outbox.around(first)] == [1, 2, 3, 4]
    with closing(store.outbox("lamp")) as outbox:
        assert outbox.next_ms() == NEVER_MS
    with store.reader() as reader:
        assert reader.backlog(NOW) == {"phone": 2, "sms": 1}


def test_a_channel_sees_what_to_ask_about_and_what_to_take_back(store: Store) -> None:
    with_deliveries(store, INSERT, INSERT, INSERT)
    with closing(store.outbox("phone")) as outbox:
        with outbox.transaction():
            outbox.apply((SENT, SENT._replace(id=2), Withdraw(3, "why")), NOW)
        assert [one.id for one in outbox.to_follow(NOW + 5, 9)] == [1, 2]
        assert (outbox.to_follow(NOW, 9), outbox.next_ms()) == ([], NOW + 5)
        outbox.apply((Recall(2, NOW + 1),), NOW)
        assert [one.id for one in outbox.to_follow(NOW + 5, 9)] == [1]
        assert [one.id for one in outbox.to_recall(NOW + 1, 9)] == [2]
        assert (outbox.to_recall(NOW, 9), outbox.next_ms()) == ([], NOW + 1)


def test_a_push_without_a_notice_has_no_others_around_it(store: Store) -> None:
    alone = INSERT._replace(notice_id=0)
    first, _ = with_deliveries(store, alone, alone)
    with closing(store.outbox("phone")) as outbox:
        assert [one.id for one in outbox.around(first)] == [first.id]


def test_an_outbox_is_undone_as_a_whole(store: Store) -> None:
    with_deliveries(store, INSERT)

    def broken(outbox: OutboxStore) -> None:
        with outbox.transaction():
            outbox.apply((Claim(1, again=False),), NOW)
            raise ZeroDivisionError

    with closing(store.outbox("phone")) as outbox:
        with pytest.raises(ZeroDivisionError):
            broken(outbox)
        assert outbox.to_send(NOW, 9)[0].state is DeliveryState.DECIDED


def test_a_push_is_made_from_what_is_stored(store: Store) -> None:
    with_deliveries(store, INSERT)
    with closing(store.outbox("phone")) as outbox:
        assert outbox.notice(1) == (1, "anna", "bert", NEW.text, NOTICE)
        assert outbox.notice(2) is None
        assert outbox.trial_count(BED) == ("anna", 0)
        outbox.apply((Move(1, 60_000, "later"),), NOW)
        assert (outbox.has_step(1, "later"), outbox.has_step(1, "earlier")) == (True, False)


def test_a_route_tells_which_tries_have_failed_since_a_push_has_left(store: Store) -> None:
    test = INSERT._replace(notice_id=0, purpose=Purpose.REHEARSAL)
    with_deliveries(store, INSERT, INSERT, test, INSERT._replace(person="anna"), INSERT)
    away = FailedTries("away", DeliveryState.DECIDED, 1, NOW, NOW)
    refused = FailedTries("refused", DeliveryState.FAILED, 1, NOW + 3, NOW + 3)
    over = FailedTries("gone", DeliveryState.WITHDRAWN, 2, NOW + 3, NOW + 6)
    steps: tuple[tuple[int, Change, FailedTries | None], ...] = (
        (0, Claim(1, again=False), None),
        (0, Retry(1, NOW, "away", again_in("away", 2)), away),
        (0, Claim(2, again=False), away),
        (0, SENT._replace(id=2), None),
        (3, Claim(1, again=False), None),
        (3, Fail(1, "refused"), refused),
        (4, Claim(3, again=False), refused),
        (4, Fail(3, "a test"), refused),
        (5, Claim(4, again=False), refused),
        (5, Fail(4, "of another"), refused),
        (5, MarkRecalled(2, "not taken back", failed=True), refused),
        (6, Claim(5, again=False), refused),
        (6, Retry(5, NOW, "gone", again_in("gone", 2)), over._replace(state=DeliveryState.DECIDED)),
        (7, Withdraw(5, "it is over"), over),
    )
    for after_ms, change, expected in steps:
        with store.transaction() as tx:
            tx.apply((change,), NOW + after_ms)
        with store.reader() as reader:
            assert reader.failed_tries("bert", "phone", 0) == expected, change
    with store.reader() as reader:
        later = over._replace(number=1, since_ms=NOW + 6)
        assert reader.failed_tries("bert", "phone", NOW + 3) == later
        assert reader.failed_tries("bert", "phone", NOW + 6) is None


def test_the_last_test_of_a_route_tells_its_proof(store: Store) -> None:
    test = INSERT._replace(notice_id=0, purpose=Purpose.REHEARSAL)
    with_deliveries(store, test, test)
    with store.transaction() as tx:
        tx.apply((Fail(1, "refused"), SENT._replace(id=2, proof="came back")), NOW)
    with store.reader() as reader:
        assert reader.last_test("bert", "phone") == (
            DeliveryState.SENT,
            NOW,
            None,
            NOW,
            "came back",
        )
        assert reader.last_test("bert", "sms") is None
