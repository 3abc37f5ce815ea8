"""Under a cover that is back the air turns at once: from then on nobody more is told."""

from collections.abc import Sequence

import pytest

from legwatch.alerting.notice import MAY_SOUND, Notice, TransitionKind
from legwatch.conditions import warming
from legwatch.conditions.verdict import Reason
from legwatch.conditions.warming import Warming
from legwatch.engine import replay
from legwatch.events import AlertKind, Snooze, Window
from legwatch.signals.thermometer import Thermometer
from legwatch.testing import ms, night, uncovering
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
WARMS, OVER = TransitionKind.WARMING, TransitionKind.RESOLVED
OFF, BACK = 200, 260


def told(*spans: tuple[float, float], covered_c: float = 31.0, minutes: int = 420) -> list[Notice]:
    """Return what is told of cold legs that are bare in the spans; nobody answers."""
    leg = uncovering(*spans, covered_c=covered_c)
    moves = [m for edge in spans for m in edge]
    events = night(
        minutes=minutes,
        leg=leg,
        moves=lambda m: 4 if m < 5 or any(0 <= m - moved < 1 for moved in moves) else 0,
        mat=lambda _m: True,
    )
    found = replay(events, rules(stillness__joint_s=0, alerts__wait_s=0))
    return [n for n in found if n.kind is AlertKind.COLD and n.transition != "expected"]


def at(notice: Notice) -> int:
    return (notice.at_ms - BEGIN) // 60_000


def sounds(notices: Sequence[Notice]) -> list[int]:
    heard = (n for n in notices if n.transition in MAY_SOUND and n.suppressed_by is None)
    return [at(n) for n in heard]


def test_it_is_said_some_minutes_after_the_cover_is_back_and_nothing_sounds_then() -> None:
    notices = told((OFF, BACK))
    (warms,) = [n for n in notices if n.transition is WARMS]
    assert BACK + 1 <= at(warms) <= BACK + 8
    assert (warms.reason, warms.suppressed_by) == (Reason.WARMING, None)
    assert all(minute < BACK + 8 for minute in sounds(notices))
    assert [n.transition for n in notices][-2:] == [WARMS, OVER]


def test_air_that_stays_warmer_is_warm_in_the_end_however_warm_it_is() -> None:
    """A thin sheet keeps less warm than the cover before."""
    leg = uncovering((OFF, BACK))
    thin = uncovering((0, BACK), covered_c=25.0)
    events = night(minutes=420, leg=lambda m: leg(m) if m < BACK else thin(m), mat=lambda _m: True)
    found = [n for n in replay(events, rules(alerts__wait_s=0)) if n.kind is AlertKind.COLD]
    first = next(n for n in found if n.transition is WARMS)
    over = next(n for n in found if n.transition is OVER)
    assert at(over) - at(first) == 20
    assert over.reason is Reason.WARMING


def test_a_bed_that_is_still_on_its_way_gives_no_new_alert() -> None:
    """In a cold room it takes long, and the air is below every limit meanwhile."""
    leg = uncovering((OFF, BACK), uncovered_c=19.0)
    slow = uncovering((0, BACK), covered_c=23.5, uncovered_c=19.0, lag_min=20.0)
    events = night(minutes=345, leg=lambda m: leg(m) if m < BACK else slow(m), mat=lambda _m: True)
    found = [n for n in replay(events, rules(alerts__wait_s=0)) if n.kind is AlertKind.COLD]
    assert [n.transition for n in found].count(TransitionKind.FIRED) == 1
    assert found[-1].transition is OVER
    assert found[-1].reason is Reason.WARMING


def test_a_cover_that_slips_off_again_at_once_is_said_with_a_sound() -> None:
    notices = told((OFF, BACK), (BACK + 9, BACK + 80))
    warms = next(n for n in notices if n.transition is WARMS)
    again = next(n for n in notices if n.at_ms > warms.at_ms)
    assert (again.transition, again.reason) == (TransitionKind.RENOTIFIED, Reason.COLD_AGAIN)
    assert again.suppressed_by is None
    assert BACK + 9 < at(again) < BACK + 25


def test_who_was_told_nothing_yet_hears_nothing_of_it() -> None:
    leg = uncovering((OFF, OFF + 16))
    events = night(minutes=320, leg=leg, mat=lambda _m: True)
    found = [n for n in replay(events, rules()) if n.kind is AlertKind.COLD]
    assert sounds(found) == []
    assert WARMS not in {n.transition for n in found}


def test_quiet_that_ends_while_it_becomes_warm_sounds_no_more() -> None:
    leg = uncovering((OFF, BACK))
    quiet = Snooze(BEGIN + (BACK - 20) * 60_000, AlertKind.COLD, BEGIN + (BACK + 4) * 60_000)
    events: list[Window | Snooze] = [*night(minutes=420, leg=leg, mat=lambda _m: True), quiet]
    events.sort(key=lambda event: event.at_ms)
    found = [n for n in replay(events, rules(alerts__wait_s=0)) if n.kind is AlertKind.COLD]
    assert [minute for minute in sounds(found) if minute > BACK - 20] == []
    assert found[-1].transition is OVER


def course(*air_c: float) -> list[Warming]:
    """Return what is remembered after each minute of this air, with an alert that fires."""
    found, now = [], warming.NOTHING
    for n, celsius in enumerate(air_c):
        leg = Thermometer(celsius=celsius, recent_c=air_c[max(0, n - 20) : n + 1 : 2])
        found.append(now := warming.update(now, leg, n * 60_000))
    return found


def test_air_that_only_wavers_ends_no_alert_and_holds_nothing_back_for_long() -> None:
    """A sensor half out of the bed, or bare legs in a room that warms a little."""
    wavers = course(*[20.0] * 5, *[21.4] * 60)
    assert [now.since_ms is not None for now in wavers] == [False] * 5 + [True] * 30 + [False] * 30
    assert not any(warming.is_steady(now, 60_000 * n) for n, now in enumerate(wavers))
    back = course(*[20.0] * 5, *[22.4] * 60)
    steady = [warming.is_steady(now, 60_000 * n) for n, now in enumerate(back)]
    assert steady == [False] * 25 + [True] * 40


@pytest.mark.parametrize(("risen_c", "told"), [(4.0, True), (1.6, False)])
def test_only_air_that_had_risen_much_is_cold_again(risen_c: float, told: bool) -> None:
    fell = course(*[20.0] * 5, *[20.0 + risen_c] * 8, *[20.1] * 8)
    assert [warming.has_fallen(now) for now in fell].count(True) == told
    waver = course(*[20.0] * 5, *[24.0] * 8, *[22.9] * 8)
    assert not any(warming.has_fallen(now) for now in waver)
