"""A foot that is bare alone, by a second thermometer at the ankle: told, and told once."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from bare_bed import BED_MIN, OFF_MIN, air, leaves, sleeper
from legwatch import engine
from legwatch.alerting.notice import MAY_SOUND, Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.engine import BedState, replay, start
from legwatch.events import AlertKind, Snooze, Window
from legwatch.limits.rules import Rules
from legwatch.moments import shifted
from legwatch.state_codec import from_json, to_json
from legwatch.testing import Count, Level, constant, drive, night
from legwatch.text.message import text, title
from repository import rules

MINUTE_MS, BEGIN_MS = 60_000, 1767384000000
BACK_MIN = OFF_MIN + 90  # the foot is covered again
ROOM, UNKNOWN = constant(17.0), constant(None)
COLD = AlertKind.COLD


def warm(m: float) -> float:
    """Return the air of a bed that stays covered, C."""
    return air(min(m, OFF_MIN)) + 0.1 * math.sin(m / 7)


def bare(m: float) -> float:
    """Return the air by an ankle that is bare for an hour and a half."""
    if m < BACK_MIN:
        return air(m) - 1.0
    low = air(BACK_MIN) - 1.0
    return low + (warm(m) - low) * (1 - math.exp(-(m - BACK_MIN) / 8))


def the_bed(
    ankle: Level | None,
    *,
    leg: Level = warm,
    moves: Count = sleeper,
    room: Level = UNKNOWN,
    minutes: int = 480,
) -> Iterator[Window]:
    """Yield the windows of a night; `ankle` None: there is no such thermometer."""
    windows = night(
        begin="2026-01-02T20:00Z",
        minutes=minutes,
        leg=leg,
        room=room,
        moves=moves,
        mat=lambda _m: None,
    )
    for n, window in enumerate(windows):
        celsius = None if ankle is None else ankle(n / 6)
        others = () if celsius is None else (("ankle_c", round(celsius, 1)),)
        yield window._replace(others=others)


def limits(**own: float) -> Rules:
    mine = {"alerts__learn_nights": 0, "warmth__early_s": 600, **own}
    return rules("standard", zone="UTC", **mine)


def told(windows: Iterable[Window], **own: float) -> list[Notice]:
    return list(replay(windows, limits(**own)))


def cold(notices: Iterable[Notice]) -> list[Notice]:
    return [notice for notice in notices if notice.kind is COLD]


def sounds(notices: Iterable[Notice]) -> list[Notice]:
    return [n for n in notices if n.suppressed_by is None and n.transition in MAY_SOUND]


def minute(notice: Notice) -> int:
    return (notice.at_ms - BEGIN_MS) // MINUTE_MS


def test_a_bare_foot_gives_a_sign_then_an_alert_then_a_sound_and_an_end() -> None:
    sign, alert, sound, end = cold(told(the_bed(bare)))
    assert {n.reason for n in (sign, alert, sound)} == {Reason.FOOT_BARE}
    assert (sign.transition, sign.suppressed_by) == (
        TransitionKind.EXPECTED,
        SuppressedBy.EARLY_SIGN,
    )
    assert OFF_MIN < minute(sign) <= OFF_MIN + 15
    assert (alert.transition, alert.suppressed_by) == (TransitionKind.FIRED, SuppressedBy.HOLD)
    assert (sound.transition, sound.suppressed_by) == (TransitionKind.RENOTIFIED, None)
    assert minute(sound) <= OFF_MIN + 40
    assert (end.transition, end.reason) == (TransitionKind.RESOLVED, Reason.FOOT_COVERED)
    assert minute(end) > BACK_MIN
    assert {n.severity for n in (alert, sound)} == {Severity.WARNING}


def test_a_foot_that_is_covered_for_four_minutes_only_goes_on_being_told() -> None:
    def peeped(m: float) -> float:
        up = max(0.0, 1 - abs(m - OFF_MIN - 40) / 4) * 4.0  # and as cold as before soon after
        return bare(m) + up

    alerts = [n.transition for n in cold(told(the_bed(peeped))) if minute(n) < BACK_MIN]
    assert alerts.count(TransitionKind.FIRED) == 1
    assert TransitionKind.RESOLVED not in alerts


def test_a_foot_under_the_cover_that_is_far_from_warm_is_not_called_warm() -> None:
    def slow(m: float) -> float:
        low = air(BACK_MIN) - 1.0
        return (
            bare(m)
            if m < BACK_MIN
            else low + (warm(m) - low) * 0.6 * (1 - math.exp(-(m - BACK_MIN) / 25))
        )

    end = next(n for n in cold(told(the_bed(slow))) if n.transition is TransitionKind.RESOLVED)
    assert end.reason is Reason.FOOT_COVERED
    assert title(end, carer=False) == "It is warmer by your foot"
    assert "has risen to 2" in text(end, carer=False)
    assert "again" not in text(end, carer=False)


def test_without_such_a_thermometer_the_same_bed_says_nothing_and_keeps_nothing() -> None:
    state, notices = drive(start(), the_bed(None), limits())
    assert cold(notices) == []
    assert state.bed.foot is None
    assert "ankle" not in engine.sensors(state)


def test_its_figures_are_those_of_the_foot_and_say_how_sure_it_was() -> None:
    """What is usual by the legs, and what has fallen there, says nothing of a foot."""
    _, alert, sound, end = cold(told(the_bed(bare)))
    of_legs = {"usual_c", "usual_low_c", "usual_high_c", "high_c", "fell_min"}
    for notice in (alert, sound, end):
        figures = dict(notice.figures)
        assert figures["sensor"] == "ankle"
        assert not of_legs & set(figures)
    assert (alert.rule, end.rule) == (None, None)
    assert sound.rule == Rule("warmth.change_sure", limits().warmth.change_sure)
    was, had_to_be = zip(*map(sureness, (alert, sound)), strict=True)
    assert was[0] < had_to_be[0]
    assert was[1] >= had_to_be[1]
    assert "sure_pct" not in dict(end.figures)


def sureness(notice: Notice) -> tuple[int, int]:
    figures = dict(notice.figures)
    return figures["sure_pct"], figures["enough_pct"]  # type: ignore[return-value]


def test_an_alert_on_the_legs_of_such_a_bed_has_their_figures() -> None:
    notices = cold(told(the_bed(bare, leg=air, minutes=370)))
    (fired,) = [n for n in notices if n.transition is TransitionKind.FIRED]
    figures = dict(fired.figures)
    assert {"usual_c", "high_c", "ankle_c"} <= set(figures)
    assert "sensor" not in figures


def test_after_a_time_of_quiet_it_is_still_about_the_foot() -> None:
    windows = list(the_bed(bare))
    (fired,) = [n for n in cold(told(windows)) if n.transition is TransitionKind.FIRED]
    asked_ms = fired.at_ms + 1000
    quiet = Snooze(asked_ms, COLD, asked_ms + 15 * MINUTE_MS)
    at = next(n for n, window in enumerate(windows) if window.to_ms > asked_ms)
    notices = replay([*windows[:at], quiet, *windows[at:]], limits())
    again = next(n for n in notices if n.reason is Reason.SNOOZE_OVER)
    assert title(again) == "Your foot is probably bare"
    assert text(again).startswith("The air by your ankle has fallen from ")


def test_it_says_of_which_air_and_what_to_do() -> None:
    sign, _, sound, end = cold(told(the_bed(bare)))
    assert title(sign) == "A foot may be bare, or nobody lies there"
    assert title(sound) == "Your foot is probably bare"
    figures = dict(sound.figures)
    high_c, ankle_c, fell = (figures[f"ankle_{k}"] for k in ("high_c", "c", "fell_min"))
    said = text(sound)
    assert said.startswith(
        f"The air by your ankle has fallen from {high_c} °C to {ankle_c} °C in {fell} min."
    )
    assert "warm socks" in said
    assert title(sound, carer=True) == "A foot is probably bare"
    assert title(end) == "It is warmer by your foot"


def test_an_alert_on_the_legs_is_not_over_while_a_foot_is_bare_still() -> None:
    back = OFF_MIN + 40  # of the cover over the legs; the foot is covered 50 min later

    def leg(m: float) -> float:
        low = air(back)
        return air(m) if m < back else low + (warm(m) - low) * (1 - math.exp(-(m - back) / 8))

    notices = cold(told(the_bed(bare, leg=leg)))
    ends = [minute(n) for n in notices if n.transition is TransitionKind.RESOLVED]
    assert len(ends) == 1
    assert ends[0] >= BACK_MIN
    loud = [minute(n) for n in sounds(notices)]
    assert max(loud) < back + 10, "the legs are warm: nothing sounds for the foot alone"


def test_legs_that_are_cool_are_not_called_warm() -> None:
    sign, *_ = cold(told(the_bed(bare)))
    assert "It is still warm by your legs." in text(sign)
    figures = tuple(("leg_c", 22.4) if k == "leg_c" else (k, v) for k, v in sign.figures)
    cool = text(replace(sign, figures=figures))
    assert cool.endswith(" min. Cover your foot, or put on warm socks.")


def test_a_foot_that_is_soon_as_warm_as_before_is_called_warm() -> None:
    quick = lambda m: bare(m) if m < BACK_MIN else warm(m)  # noqa: E731
    end = cold(told(the_bed(quick)))[-1]
    assert (end.reason, title(end)) == (Reason.FOOT_WARM, "Warm again by your foot")


def test_the_whole_cover_off_is_one_alert_and_one_on_the_legs() -> None:
    notices = cold(told(the_bed(bare, leg=air, minutes=370)))
    fired = [n for n in notices if n.transition is TransitionKind.FIRED]
    assert [n.reason for n in fired] == [Reason.UNCOVERED]
    assert sounds(notices)


def test_legs_that_are_bare_later_than_the_foot_are_told_by_the_same_alert() -> None:
    later = OFF_MIN + 60
    notices = cold(told(the_bed(bare, leg=lambda m: air(m - 60) if m > later else warm(m))))
    fired = [n for n in notices if n.transition is TransitionKind.FIRED]
    assert [n.reason for n in fired] == [Reason.FOOT_BARE]
    reasons = [n.reason for n in sounds(notices)]
    assert reasons[0] is Reason.FOOT_BARE
    assert Reason.UNCOVERED in reasons[1:], "that is news"
    assert all(minute(n) > later for n in notices if n.transition is TransitionKind.RESOLVED)


def test_who_gets_up_gives_no_sound_on_a_foot() -> None:
    notices = cold(told(the_bed(lambda m: air(m) - 1.0, leg=air, moves=leaves, minutes=400)))
    assert [n for n in sounds(notices) if n.reason is Reason.FOOT_BARE] == []


def test_beside_a_leg_sensor_in_the_room_nobody_says_that_only_a_foot_is_bare() -> None:
    def slipped(m: float) -> float:
        return warm(m) if m < OFF_MIN - 30 else in_the_room(m)

    notices = told(the_bed(bare, leg=slipped, room=ROOM, minutes=420))
    assert Reason.DISPLACED in {n.reason for n in notices}
    assert Reason.FOOT_BARE not in {n.reason for n in notices}


def test_nobody_is_asked_for_an_answer_about_a_foot() -> None:
    long = told(the_bed(lambda m: air(m) - 1.0, minutes=600))
    assert all(n.severity is not Severity.URGENT for n in cold(long))


def test_nothing_is_said_of_a_foot_in_the_first_40_minutes_in_bed() -> None:
    early = BED_MIN + 15

    def soon(m: float) -> float:
        return warm(m) - (6.0 * (1 - math.exp(-(m - early) / 6)) if m > early else 0.0)

    notices = cold(told(the_bed(soon, minutes=BED_MIN + 39)))
    assert [n for n in notices if n.transition is TransitionKind.FIRED] == []


def test_the_owner_may_switch_it_off() -> None:
    notices = cold(told(the_bed(bare), warmth__change_sure=1.0, warmth__early_s=0))
    assert notices == []


def frozen(m: float) -> float:
    return warm(m) if m < BED_MIN + 60 else 28.4


def in_the_room(m: float) -> float:
    return 17.2 + 0.2 * math.sin(m / 11)


def dead(m: float) -> float | None:
    return warm(m) if m < BED_MIN + 60 else None


@pytest.mark.parametrize("fault", [frozen, in_the_room, dead])
def test_a_faulty_one_changes_nothing_for_the_legs(fault: Level) -> None:
    without = told(the_bed(None, leg=air, room=ROOM))
    beside = told(the_bed(fault, leg=air, room=ROOM))
    assert Reason.UNCOVERED in {n.reason for n in without}

    def core(notices: list[Notice]) -> list[tuple[object, ...]]:
        mine = [n for n in notices if n.reason is not Reason.ANKLE_BLIND]
        return [(n.at_ms, n.kind, n.transition, n.reason, n.suppressed_by) for n in mine]

    assert core(beside) == core(without)


@pytest.mark.parametrize("fault", [frozen, in_the_room])
def test_a_faulty_one_is_told_by_name_once_and_makes_no_sound(fault: Level) -> None:
    said = told(the_bed(fault, room=ROOM, minutes=700))
    (notice,) = [n for n in said if n.kind in (AlertKind.SENSOR, AlertKind.AGENT)]
    assert (notice.transition, notice.reason) == (TransitionKind.REPORTED, Reason.ANKLE_BLIND)
    assert "ankle" in title(notice)
    assert sounds([notice]) == []


def test_one_that_dies_while_its_alert_stands_does_not_say_all_is_well() -> None:
    gone = OFF_MIN + 45
    notices = cold(told(the_bed(lambda m: bare(m) if m < gone else None)))
    assert [n.transition for n in notices[-2:]] == [
        TransitionKind.RENOTIFIED,
        TransitionKind.UNKNOWN,
    ]
    assert notices[-1].reason is Reason.ANKLE_BLIND
    assert text(notices[-1]).startswith("The thermometer by your ankle does not show")


def test_a_state_with_a_foot_is_kept_and_moved() -> None:
    state, _ = drive(start(), the_bed(bare, minutes=OFF_MIN + 30), limits())
    kept = from_json(to_json(state))
    assert kept == state
    assert kept.bed.foot is not None
    assert "ankle" in engine.sensors(kept)
    assert "ankle" not in engine.mute(kept, limits())
    moved = shifted(kept, 60 * MINUTE_MS, limits()).bed.foot
    assert moved is not None
    assert moved.ankle.course.peak_ms == kept.bed.foot.ankle.course.peak_ms + 60 * MINUTE_MS
    assert _short(state) < _long(state)


def _short(state: BedState) -> int:
    return len(to_json(state._replace(bed=state.bed._replace(foot=None))))


def _long(state: BedState) -> int:
    return len(to_json(state))


def test_a_kept_state_of_before_has_no_foot_and_goes_on() -> None:
    state, _ = drive(start(), the_bed(None, minutes=200), limits())
    written = to_json(state)
    assert from_json(written).bed.foot is None
    later, notices = drive(from_json(written), list(the_bed(bare))[200 * 6 :], limits())
    assert later.bed.foot is not None
    assert Reason.FOOT_BARE in {n.reason for n in notices}
