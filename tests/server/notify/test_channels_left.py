"""New settings while a push waits: each person still gets each channel that the settings give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from legwatch.alerting.alert import AlertState, AlertStates
from legwatch.bedside import Bedside
from legwatch.conditions.verdict import Severity
from legwatch.engine import BedState, start
from legwatch.limits.rules import Rules
from legwatch_runtime.profiles import rules_for
from legwatch_server.notify.recovery import followed, repairs
from legwatch_server.store.changes import Change, Changes, Insert, Move, Withdraw
from legwatch_server.store.delivery import WAITING, Delivery, DeliveryState
from server.notify.plans import MINUTE_MS, NOW, new, planner, row, sent

LATER = NOW + 5 * MINUTE_MS
ANNA = {"role": "sleeper", "channels": ["phone", "sms"]}
BERT = {"channels": ["phone", "sms"]}
CLEO = {"channels": ["phone"]}
RULES = rules_for("standard", {}, UTC)


class Standing(NamedTuple):
    """A bed whose alert on cold stands, and which nobody has answered."""

    state: BedState
    id: int = 1
    name: str = "b"
    played: bool = False
    rules: Rules = RULES
    bedside: Bedside = Bedside()


ALERT = AlertState(severity=Severity.WARNING, fired_ms=NOW, notified=True, episode_ms=NOW)
BED = Standing(start()._replace(bed=start().bed._replace(alerts=AlertStates(cold=ALERT))))
RETRIED = row(1, attempt=3, next_ms=LATER + MINUTE_MS)
SMS = row(2, channel="sms", rank=1, due_ms=NOW + 30_000, next_ms=NOW + 30_000)
NEXT = row(3, "bert", due_ms=NOW + 10 * MINUTE_MS)


def reloaded(*rows: Delivery, **people: Any) -> Changes:
    return followed(planner(**people), (BED,), rows, LATER)


def added(changes: Iterable[Change]) -> list[tuple[str, str, int, float]]:
    """Return (person, channel, rank, seconds from now) of every new delivery."""
    return [
        (one.person, one.channel, one.rank, (one.due_ms - LATER) / 1000)
        for one in changes
        if isinstance(one, Insert)
    ]


def gone(changes: Iterable[Change]) -> list[int]:
    return [one.id for one in changes if isinstance(one, Withdraw)]


def test_another_person_takes_no_second_channel_from_whom_the_first_has_not_reached() -> None:
    for first in (
        RETRIED,
        RETRIED._replace(state=DeliveryState.CLAIMED),
        RETRIED._replace(state=DeliveryState.FAILED),
    ):
        changes = reloaded(first, SMS, anna=ANNA, cleo=CLEO)
        assert (gone(changes), added(changes)) == ([], [("cleo", "phone", 0, 0)])


def test_what_a_louder_word_has_planned_for_who_heard_the_first_word_stays() -> None:
    louder = row(2, notice_id=2)
    changes = reloaded(sent(1), louder, anna=CLEO, cleo=CLEO)
    assert (gone(changes), added(changes)) == ([], [("cleo", "phone", 0, 0)])


def test_a_new_channel_is_tried_after_the_others_of_the_person_and_moves_nobody() -> None:
    more = ANNA | {"channels": ["phone", "sms", "pager"]}
    changes = reloaded(RETRIED, SMS, NEXT, anna=more, bert=CLEO)
    assert (gone(changes), added(changes)) == ([], [("anna", "pager", 2, 0)])
    changes = reloaded(NEXT, sent(1, "cleo"), cleo=CLEO | {"role": "sleeper"}, bert=BERT)
    assert (gone(changes), added(changes)) == ([], [("bert", "sms", 1, 330)])


def test_a_new_order_of_channels_counts_for_those_that_are_not_tried() -> None:
    other = CLEO | {"channels": ["sms", "phone"]}
    changes = reloaded(RETRIED, SMS, NEXT, anna=ANNA, bert=other)
    assert gone(changes) == [3]
    assert added(changes) == [("bert", "sms", 0, 300), ("bert", "phone", 1, 330)]
    assert reloaded(RETRIED, SMS, anna=ANNA | {"channels": ["sms", "phone"]}) == ()


def test_who_was_reached_hears_nothing_twice() -> None:
    assert reloaded(sent(1), NEXT, anna=ANNA, bert=CLEO) == ()


def test_whom_no_channel_could_reach_is_tried_again_and_nobody_waits_longer() -> None:
    failed = row(1, state=DeliveryState.FAILED, attempt=1)
    mended = reloaded(failed, NEXT, anna=CLEO, bert=CLEO)
    assert (gone(mended), added(mended)) == ([], [("anna", "phone", 0, 0)])
    another = reloaded(failed, NEXT, anna=ANNA, bert=CLEO)
    assert (gone(another), added(another)) == ([], [("anna", "sms", 0, 0)])


def test_a_start_moves_a_missed_plan_and_gives_it_the_new_channels() -> None:
    missed = row(1, due_ms=NOW), NEXT
    made = planner(anna=ANNA, bert=CLEO)
    changes = repairs(made, (BED,), missed, LATER)
    assert [(one.id, one.by_ms) for one in changes if isinstance(one, Move)] == [
        (1, 5 * MINUTE_MS),
        (3, 5 * MINUTE_MS),
    ]
    assert (gone(changes), added(changes)) == ([], [("anna", "sms", 1, 30)])


CHANNELS = st.lists(st.sampled_from(["phone", "sms", "pager"]), min_size=1, unique=True)
HOUSES = st.dictionaries(
    st.sampled_from(["anna", "bert", "cleo"]),
    CHANNELS.map(lambda channels: {"channels": channels}),
    min_size=1,
)
TRIES = st.lists(st.sampled_from(["", "retry", "claimed", "failed", "sent"]), max_size=9)


def planned(house: Mapping[str, Any], tries: Sequence[str]) -> list[Delivery]:
    """Return a plan of these people, after so many tries, one after the other."""
    rows = after([], planner(**house).plan(1, new(), (), NOW))
    for place, became in enumerate(tries[: len(rows)]):
        if rows[place].state is DeliveryState.DECIDED and became:
            rows[place] = _tried(rows[place], became)
        if became == "sent":
            others = [d for d in rows if d.person == rows[place].person and d.state in WAITING]
            rows = after(rows, [Withdraw(d.id, "reached") for d in others])
    return rows


def _tried(one: Delivery, became: str) -> Delivery:
    states = {
        "retry": DeliveryState.DECIDED,
        "claimed": DeliveryState.CLAIMED,
        "failed": DeliveryState.FAILED,
        "sent": DeliveryState.SENT,
    }
    sent_ms = NOW if became == "sent" else None
    return one._replace(state=states[became], attempt=1, sent_ms=sent_ms)


def after(rows: Sequence[Delivery], changes: Iterable[Change]) -> list[Delivery]:
    """Return the deliveries after these changes."""
    made = {d.id: d for d in rows}
    for one in changes:
        if isinstance(one, Withdraw):
            made[one.id] = made[one.id]._replace(state=DeliveryState.WITHDRAWN)
        elif isinstance(one, Insert):
            found = row(len(made) + 1, one.person, channel=one.channel, rank=one.rank)
            made[found.id] = found._replace(notice_id=one.notice_id, due_ms=one.due_ms)
    return list(made.values())


@given(HOUSES, TRIES)
def test_unchanged_settings_change_nothing_that_waits(
    house: dict[str, Any], tries: list[str]
) -> None:
    rows = planned(house, tries)
    hopeless = {
        name
        for name in house
        if {d.state for d in rows if d.person == name} == {DeliveryState.FAILED}
    }
    changes = reloaded(*rows, **house)
    assert {one.person for one in changes if isinstance(one, Insert)} == hopeless
    assert all(isinstance(one, Insert) for one in changes)


@given(HOUSES, TRIES, HOUSES)
def test_new_settings_give_each_person_each_channel_and_nothing_twice(
    house: dict[str, Any], tries: list[str], other: dict[str, Any]
) -> None:
    rows = planned(house, tries)
    left = after(rows, reloaded(*rows, **other))
    for name, person in other.items():
        own = [d for d in left if d.person == name]
        waits = [d.channel for d in own if d.state in WAITING]
        assert len(set(waits)) == len(waits)
        assert set(waits) <= set(person["channels"])
        if not any(d.sent_ms for d in own):
            failed = {d.channel for d in own if d.state is DeliveryState.FAILED}
            assert set(waits) | failed >= set(person["channels"])
            assert waits
    assert not any(d.person not in other for d in left if d.state in WAITING)
    assert reloaded(*left, **other) == ()
