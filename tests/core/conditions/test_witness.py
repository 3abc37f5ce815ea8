"""One faulty sensor is told by name, from what the others show; a bed without a fault is not."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions import witness
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind, Window
from legwatch.testing import ms, night, uncovering, wobbling
from legwatch.text.message import text
from repository import rules

BEGIN = ms("2026-01-02T18:00Z")
BED_MIN = 180  # three hours of empty bed come before
OWN = rules("standard", zone="UTC", alerts__learn_nights=0, alerts__wait_s=0)
_COVERED = uncovering()


def sleeper(m: float) -> float:
    """Return the air by the legs: of an empty bed, then of a covered sleeper."""
    return wobbling(18.2)(m) or 0.0 if m < BED_MIN else _COVERED(m - BED_MIN) or 0.0


def turning(m: float) -> int:
    """Return what a sensor counts: getting in, a turn each 25 min, a twitch each 15."""
    if BED_MIN <= m < BED_MIN + 1:
        return 4
    if m < BED_MIN:
        return 0
    return 6 if m % 25 < 0.1 else 1 if m % 15 < 0.1 else 0


def in_bed(m: float) -> bool:
    return m >= BED_MIN


ORDINARY: dict[str, Any] = {"leg": sleeper, "moves": turning, "mat": in_bed}
BUILDS: dict[str, dict[str, Any]] = {
    "leg": {"room": lambda _m: None, "mat": lambda _m: None},
    "room": {"mat": lambda _m: None},
    "mat": {},
}


def played(build: str = "room", minutes: int = 560, **course: Any) -> list[Notice]:
    windows = night(
        begin="2026-01-02T18:00Z",
        minutes=minutes,
        **{**ORDINARY, "room": wobbling(18.0), **BUILDS[build], **course},
    )
    return heard(windows)


def heard(windows: Iterable[Window]) -> list[Notice]:
    return list(replay(windows, OWN))


def told(notices: Iterable[Notice], kind: AlertKind = AlertKind.SENSOR) -> list[tuple[Reason, int]]:
    """Return the reasons that were pushed, each with its minute from bedtime on."""
    pushed = (None, SuppressedBy.LOW_URGENCY)
    return [
        (n.reason, (n.at_ms - BEGIN) // 60_000 - BED_MIN)
        for n in notices
        if n.kind is kind and n.transition is TransitionKind.FIRED and n.suppressed_by in pushed
    ]


@pytest.mark.parametrize("build", BUILDS)
def test_a_night_without_a_fault_complains_of_no_sensor(build: str) -> None:
    assert [n for n in played(build) if n.kind in (AlertKind.SENSOR, AlertKind.AGENT)] == []


def upon(m: float) -> float:
    """Return the air by a sensor that a leg comes to lie upon an hour after bedtime."""
    risen = min(1.0, max(0.0, m - BED_MIN - 60) / 15)
    return sleeper(m) + risen * (34.0 - sleeper(m)) + 0.2 * math.sin(m)


def slipped(m: float) -> float:
    """Return the air by a sensor that falls to the floor two hours after bedtime."""
    fallen = 1 - math.exp(-max(0.0, m - BED_MIN - 120) / 4)
    return sleeper(m) + fallen * (18.2 + 0.2 * math.sin(m / 7) - sleeper(m))


FAULTS: dict[str, tuple[dict[str, Any], Reason, int, int]] = {
    "lain upon": ({"leg": upon}, Reason.LAIN_UPON, 95, 130),
    "slipped": ({"leg": slipped}, Reason.DISPLACED, 125, 165),
    "on top of the cover": (
        {"leg": lambda m: wobbling(18.2 if m < BED_MIN else 20.3)(m)},
        Reason.NOT_IN_BED,
        40,
        75,
    ),
    "exchanged": ({"leg": wobbling(18.0), "room": sleeper}, Reason.EXCHANGED, 25, 75),
    "nothing moves": ({"moves": lambda _m: 0}, Reason.MOVEMENT_SILENT, 55, 75),
    "dead in the night": (
        {"moves": lambda m: turning(m) if m < BED_MIN + 100 else 0},
        Reason.MOVEMENT_QUIET,
        240,
        260,
    ),
    "free running": (
        {"moves": lambda m: 1 if m % 0.5 < 0.1 and m > BED_MIN + 60 else turning(m)},
        Reason.MOVEMENT_NOISY,
        100,
        115,
    ),
    "loose cable": (
        {"leg": lambda m: sleeper(m) if m < BED_MIN + 60 or m % 8 < 1 else None},
        Reason.COMES_AND_GOES,
        70,
        95,
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_each_fault_is_told_by_name(what: str) -> None:
    course, reason, first, last = FAULTS[what]
    (found, *more) = told(played(**course))
    assert found[0] is reason
    assert first <= found[1] <= last
    assert {one[0] for one in more} <= {reason}


def test_a_leg_that_has_not_moved_from_the_thermometer_may_lie_there_for_an_hour() -> None:
    def moves(m: float) -> int:
        return turning(m) if m < BED_MIN + 60 else 0

    (found, *_) = told(played(leg=upon, moves=moves))
    assert found[0] is Reason.LAIN_UPON
    assert 120 <= found[1] <= 135


def wavers_at_skin(m: float) -> float:
    """Return the air by a sensor under a body: no warmer than the limit, and a little less."""
    risen = min(1.0, max(0.0, m - BED_MIN - 60) / 15)
    return sleeper(m) + risen * (33.0 - sleeper(m)) + 0.1 * math.sin(m)


def in_the_room_s_air(m: float) -> float:
    return wobbling(18.2 if m < BED_MIN else 18.9)(m) or 0.0


@pytest.mark.parametrize(
    ("build", "leg", "reason", "last"),
    [
        ("leg", wavers_at_skin, Reason.LAIN_UPON, 150),
        ("room", wavers_at_skin, Reason.LAIN_UPON, 150),
        ("room", in_the_room_s_air, Reason.NOT_IN_BED, 150),
        ("room", lambda _m: 18.9, Reason.STUCK, 240),
    ],
    ids=["wavers, leg", "wavers, room", "on top, room", "frozen, room"],
)
def test_a_thermometer_is_told_also_where_its_own_air_says_that_the_bed_is_empty(
    build: str, leg: Callable[[float], float], reason: Reason, last: int
) -> None:
    (found, *_) = told(played(build, leg=leg, rh=lambda _m: None))
    assert found[0] is reason
    assert found[1] <= last


@pytest.mark.parametrize("what", FAULTS)
def test_the_short_way_of_most_minutes_says_what_the_long_way_says(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holes = {"room": lambda m: None if m % 41 < 3 else wobbling(18.0)(m)}
    for build in BUILDS:
        course = {**holes, **FAULTS[what][0]}
        short = played(build, **course)
        with monkeypatch.context() as patched:
            patched.setattr(witness, "is_calm", lambda _seen, _moved_ms: False)
            assert played(build, **course) == short


def test_no_fault_of_them_rings_for_cold_legs() -> None:
    for what, (course, *_rest) in FAULTS.items():
        sounds = [n for n in played(**course) if n.kind is AlertKind.COLD]
        assert [n for n in sounds if n.severity is Severity.URGENT] == [], what


def mat_faults() -> dict[str, Callable[[float], bool | None]]:
    return {
        "stuck at empty": lambda m: BED_MIN <= m < BED_MIN + 60,
        "the wrong way round": lambda m: m < BED_MIN,
        "never occupied": lambda _m: False,
    }


@pytest.mark.parametrize("what", mat_faults())
def test_a_mat_that_says_empty_of_a_warm_bed_is_told_and_the_others_judge(what: str) -> None:
    bare = uncovering((250, 330), uncovered_c=22)
    leg = lambda m: bare(m - BED_MIN) if m >= BED_MIN else sleeper(m)  # noqa: E731
    notices = played("mat", leg=leg, mat=mat_faults()[what])
    assert Reason.MAT_DISAGREES in {reason for reason, _ in told(notices)}
    (cold, *_) = told(notices, AlertKind.COLD)
    assert 250 < cold[1] < 285


@pytest.mark.parametrize(("build", "warns"), [("mat", True), ("room", False)])
def test_a_bed_without_movement_is_judged_by_its_mat_and_the_push_says_so(
    build: str, *, warns: bool
) -> None:
    bare = uncovering((250, 330), uncovered_c=22)
    leg = lambda m: bare(m - BED_MIN) if m >= BED_MIN else sleeper(m)  # noqa: E731
    moves = lambda m: turning(m) if m < BED_MIN + 180 else None  # noqa: E731
    notices = played(build, leg=leg, moves=moves)
    (missing,) = [n for n in notices if n.kind is AlertKind.SENSOR]
    assert missing.reason is Reason.MOVEMENT_MISSING
    assert ("I judge by the bed occupancy now" in text(missing, carer=False)) is warns
    assert ("Until it works I cannot warn you" in text(missing, carer=False)) is not warns
    cold = [n for n in notices if n.kind is AlertKind.COLD and n.transition is TransitionKind.FIRED]
    assert bool(cold) is warns


def test_a_mat_that_goes_silent_is_missed() -> None:
    found = told(played("mat", mat=lambda m: in_bed(m) if m < BED_MIN + 60 else None))
    assert [reason for reason, _ in found] == [Reason.MAT_MISSING]
    assert 60 <= found[0][1] <= 75


def test_a_mat_that_lets_go_at_a_turn_ends_no_alert_over_bare_legs() -> None:
    bare = uncovering((250, 360), uncovered_c=22)
    leg = lambda m: bare(m - BED_MIN) if m >= BED_MIN else sleeper(m)  # noqa: E731
    mat = lambda m: in_bed(m) and not 280 <= m - BED_MIN < 283  # noqa: E731
    ends = [
        n.reason
        for n in played("mat", leg=leg, mat=mat)
        if n.kind is AlertKind.COLD and n.transition is TransitionKind.RESOLVED
    ]
    assert Reason.LEFT_BED not in ends


def test_an_agent_that_comes_and_goes_is_told_once_as_that() -> None:
    windows = night(
        begin="2026-01-02T18:00Z",
        minutes=560,
        silent=lambda m: m > BED_MIN + 60 and m % 8 >= 2,
        **{**ORDINARY, "room": wobbling(18.0)},
    )
    loud = [
        (n.reason, n.transition)
        for n in heard(windows)
        if n.kind is AlertKind.AGENT and n.suppressed_by is None
    ]
    assert loud == [(Reason.COMES_AND_GOES, TransitionKind.FIRED)]


@pytest.mark.parametrize("gap_min", [4, 16, 40, 80])
def test_legs_that_were_cold_before_a_gap_and_are_after_it_are_told_at_once(gap_min: int) -> None:
    begin, end = BED_MIN + 246, BED_MIN + 246 + gap_min
    bare = uncovering((238, 460), uncovered_c=22)
    windows = night(
        begin="2026-01-02T18:00Z",
        minutes=640,
        silent=lambda m: begin <= m < end,
        **{
            **ORDINARY,
            "leg": lambda m: bare(m - BED_MIN) if m >= BED_MIN else sleeper(m),
            "room": wobbling(18.0),
            "mat": lambda _m: None,
        },
    )
    (cold, *_) = told(heard(windows), AlertKind.COLD)
    assert cold[1] <= 246 + gap_min + 3


def test_sun_on_the_rooms_sensor_is_no_uncovering() -> None:
    def room(m: float) -> float:
        sun_c = 4.0 * min(1.0, (m - 400) / 15) if 400 <= m < 520 else 0.0
        return round(18.0 + sun_c + 0.2 * math.sin(m / 9), 1)

    assert told(played(room=room), AlertKind.COLD) == []


def on_top(m: float) -> float:
    return wobbling(18.2 if m < BED_MIN else 20.3)(m) or 0.0


def pushed(notices: Iterable[Notice]) -> list[tuple[TransitionKind, Reason]]:
    return [
        (n.transition, n.reason)
        for n in notices
        if n.kind is AlertKind.SENSOR and n.suppressed_by is None
    ]


def test_a_thermometer_beside_the_bed_is_not_back_while_the_bed_is_empty() -> None:
    """The empty bed shows nothing of it, and who comes back finds it beside the bed once more."""

    def visits(m: float) -> int:
        return turning(m) if there(m) else 0

    def there(m: float) -> bool:
        return in_bed(m) and not BED_MIN + 120 < m < BED_MIN + 240

    said = pushed(played("mat", minutes=700, leg=on_top, moves=visits, mat=there))
    assert said == [(TransitionKind.FIRED, Reason.NOT_IN_BED)]


def test_a_thermometer_beside_the_bed_that_then_dies_is_told_as_dead() -> None:
    def dies(m: float) -> float | None:
        return on_top(m) if m < BED_MIN + 150 else None

    said = pushed(played("mat", leg=dies))
    assert said == [
        (TransitionKind.FIRED, Reason.NOT_IN_BED),
        (TransitionKind.RENOTIFIED, Reason.NO_READINGS),
    ]


def test_a_thermometer_on_top_of_the_cover_is_told_also_beside_a_restless_sleeper() -> None:
    """The last bouts of turning, which are remembered, lie within less than an hour."""

    def restless(m: float) -> int:
        return 4 if BED_MIN <= m < BED_MIN + 1 else 6 if m > BED_MIN and m % 9 < 0.1 else 0

    (found, *_) = told(played(leg=in_the_room_s_air, moves=restless))
    assert found[0] is Reason.NOT_IN_BED
    assert found[1] <= 90


def test_who_gets_in_after_an_evening_of_knocks_finds_a_thermometer_that_is_in_the_bed() -> None:
    """Of a line that has not counted yet, each knock may be a turn."""

    def knocked(m: float) -> int:
        return 1 if m < BED_MIN and m % 20 < 0.1 else turning(m)

    assert told(played(moves=knocked)) == []


def test_a_thermometer_that_slips_while_it_gives_nothing_is_told_also_without_a_room() -> None:
    """Nobody knows then whether the bed was left; but somebody goes on turning in it."""

    def leg(m: float) -> float | None:
        return None if 120 <= m - BED_MIN < 135 else slipped(m)

    found = [reason for reason, _ in told(played("leg", leg=leg))]
    assert found[-1] is Reason.DISPLACED


def test_a_thermometer_that_slips_as_somebody_seems_to_get_up_is_told() -> None:
    """By its air the bed is empty then; but somebody goes on turning in it."""

    def stirs(m: float) -> int:
        if 120 <= m - BED_MIN < 121:
            return 4
        return 0 if 121 <= m - BED_MIN < 170 else turning(m)

    (found, *_) = told(played(leg=slipped, moves=stirs))
    assert found[0] is Reason.DISPLACED
    assert 190 <= found[1] <= 225


@pytest.mark.parametrize("build", BUILDS)
def test_a_bed_that_is_left_and_tidied_has_no_slipped_thermometer(build: str) -> None:
    def leg(m: float) -> float:
        left = max(0.0, m - BED_MIN - 120)
        return sleeper(m) + (1 - math.exp(-left / 12)) * (18.2 - sleeper(m))

    def moves(m: float) -> int:
        tidied = 240 <= m - BED_MIN < 242
        return 4 if 120 <= m - BED_MIN < 121 or tidied else turning(m) if m < BED_MIN + 120 else 0

    def mat(m: float) -> bool | None:
        return BED_MIN <= m < BED_MIN + 120 if build == "mat" else None

    found = told(played(build, leg=leg, moves=moves, mat=mat))
    assert Reason.DISPLACED not in {reason for reason, _ in found}


def test_a_mat_that_lets_go_as_the_cover_is_thrown_off_hides_no_bare_legs() -> None:
    bare = uncovering((250, 300), uncovered_c=22)
    leg = lambda m: bare(m - BED_MIN) if m >= BED_MIN else sleeper(m)  # noqa: E731
    mat = lambda m: in_bed(m) and not 250 <= m - BED_MIN < 256  # noqa: E731
    (cold, *_) = told(played("mat", leg=leg, mat=mat), AlertKind.COLD)
    assert 250 < cold[1] < 270


def test_beside_a_thermometer_above_a_heater_bare_legs_are_told() -> None:
    bare = uncovering((238, 270), uncovered_c=25)
    leg = lambda m: bare(m - BED_MIN) if m >= BED_MIN else wobbling(23.2)(m)  # noqa: E731

    def room(m: float) -> float:
        into = m % 60
        heats = 1 - math.exp(-into / 5) if into < 20 else math.exp(-(into - 20) / 10)
        return (wobbling(23.0)(m) or 0.0) + 6 * heats

    (cold, *_) = told(played("room", leg=leg, room=room), AlertKind.COLD)
    assert 238 < cold[1] < 270


@pytest.mark.parametrize(("from_min", "is_told"), [(BED_MIN - 60, False), (BED_MIN + 120, True)])
def test_a_bedroom_that_is_heated_up_before_bed_is_no_fault_of_its_thermometer(
    from_min: int, is_told: bool
) -> None:
    def room(m: float) -> float:
        return (wobbling(16.0)(m) or 0.0) + 5 * (1 - math.exp(-max(0.0, m - from_min) / 6))

    reasons = [reason for reason, _ in told(played(room=room))]
    assert (Reason.ROOM_WARMED in reasons) is is_told
