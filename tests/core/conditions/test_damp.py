"""A bed that was damp for long is told in the morning, once, and only if its sensor is believed."""

from collections.abc import Callable, Iterator

import pytest

from legwatch import engine
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.damp import judge
from legwatch.conditions.verdict import Reason, Severity, TriState
from legwatch.engine import advance, replay, start
from legwatch.events import FactKind, Window
from legwatch.limits.rules import Rules
from legwatch.state_codec import from_json, to_json
from legwatch.testing import drive, ms, night, wobbling
from repository import rules

BEGIN_TEXT = "2026-01-02T20:00Z"  # 21 h in Berlin
BEGIN, HOUR = ms(BEGIN_TEXT), 60
IN_MIN, UP_MIN = HOUR, 9 * HOUR  # in bed at 22 h, up at 6 h
Level = Callable[[float], float | None]
DRY_PCT, DAMP_PCT, ROOM_PCT = 45.0, 78.0, 50.0
EMPTY_C, BED_C = 18.0, 31.0


def damp(*spans: tuple[float, float], pct: float = DAMP_PCT) -> Level:
    """Return a humidity by the legs that is high in these minutes."""
    return lambda m: pct if any(a <= m < b for a, b in spans) else DRY_PCT


def bed(
    rh: Level,
    *,
    minutes: int = 13 * HOUR,
    room_rh: float | None = ROOM_PCT,
    stays: tuple[tuple[float, float], ...] = ((IN_MIN, UP_MIN),),
    leg: Level | None = None,
    room_c: float | None = EMPTY_C,
    begin: str = BEGIN_TEXT,
) -> Iterator[Window]:
    """Yield the windows of a night with a mat, from the empty bed of the evening on."""
    warm, empty = wobbling(BED_C), wobbling(EMPTY_C)

    def there(minute: float) -> bool:
        return any(a <= minute < b for a, b in stays)

    def air(minute: float) -> float | None:
        return warm(minute) if there(minute) else empty(minute)

    for window in night(
        begin=begin, minutes=minutes, leg=leg or air, mat=there, room=lambda _m: room_c
    ):
        minute = (window.from_ms - ms(begin)) / 60_000
        pct = rh(minute)
        yield window._replace(leg_rh=pct, room_rh=None if room_c is None else room_rh)


def notes(windows: Iterator[Window], own: Rules | None = None) -> list[Notice]:
    return [n for n in replay(windows, own or rules()) if n.kind is FactKind.DAMP]


def minute(notice: Notice) -> int:
    return (notice.at_ms - BEGIN) // 60_000


def verdict(windows: Iterator[Window], at_min: int = UP_MIN) -> TriState:
    """Return what is known of the night at this minute."""
    until = BEGIN + at_min * 60_000
    state, _ = drive(start(), (w for w in windows if w.to_ms <= until), rules())
    return judge(state.bed.facts.damp, rules()).holds


LONG = damp((120, 250))  # 130 min


def test_a_damp_bed_is_told_when_the_sleeper_has_got_up_for_the_day() -> None:
    (note,) = notes(bed(LONG))
    assert UP_MIN + 30 <= minute(note) <= UP_MIN + 36  # the mat says "empty" after some minutes
    assert note.transition is TransitionKind.REPORTED
    assert (note.severity, note.reason) == (Severity.LOG, Reason.DAMP_BED)
    assert note.suppressed_by is None
    assert str(note.rule) == "damp.note_s = 3600"
    figures = dict(note.figures)
    assert figures["damp_min"] == pytest.approx(130, abs=2)
    assert isinstance(figures["damp_kpa"], float)
    assert 3.3 < figures["damp_kpa"] < 3.7
    assert figures["usual_kpa"] == pytest.approx(1.03, abs=0.02)
    assert verdict(bed(LONG)) is TriState.YES


def test_without_a_mat_it_is_told_when_the_air_says_that_the_bed_was_left() -> None:
    def moves(window: Window) -> int:
        at = (window.from_ms - BEGIN) / 60_000
        gets_up = abs(at - UP_MIN) < 0.5 or abs(at - IN_MIN) < 0.5
        return 30 if gets_up else 6 if at % 45 < 0.1 else 0

    windows = (w._replace(in_bed=None, moves=moves(w)) for w in bed(LONG))
    (note,) = notes(windows)
    assert UP_MIN + 50 <= minute(note) <= UP_MIN + 90


def test_a_sleeper_who_stays_in_bed_hears_it_when_the_night_is_over() -> None:
    (note,) = notes(bed(LONG, minutes=15 * HOUR, stays=((IN_MIN, 15 * HOUR),)))
    assert minute(note) == 13 * HOUR  # 10 h in Berlin


def test_in_the_last_hour_before_noon_it_is_told_though_the_night_has_not_ended() -> None:
    late = rules(night__to_h=12)
    (note,) = notes(bed(LONG, minutes=16 * HOUR, stays=((IN_MIN, 16 * HOUR),)), late)
    assert minute(note) == 14 * HOUR  # 11 h


def test_it_is_never_told_in_the_night() -> None:
    up = 6 * HOUR  # 3 h in Berlin, for an hour
    (note,) = notes(bed(LONG, stays=((IN_MIN, up), (up + HOUR, UP_MIN))))
    assert minute(note) >= UP_MIN + 30


def test_it_is_told_once_in_a_night_and_again_in_the_next() -> None:
    back = (UP_MIN + 2 * HOUR, UP_MIN + 3 * HOUR)
    assert len(notes(bed(LONG, stays=((IN_MIN, UP_MIN), back)))) == 1
    day = 24 * HOUR
    two = bed(
        damp((120, 250), (day + 120, day + 250)),
        minutes=day + 13 * HOUR,
        stays=((IN_MIN, UP_MIN), (day + IN_MIN, day + UP_MIN)),
    )
    assert [minute(note) // day for note in notes(two)] == [0, 1]


def test_a_restart_changes_nothing() -> None:
    state = start()
    said: list[Notice] = []
    for window in bed(LONG):
        if window.seq % 997 == 0:
            state = from_json(to_json(state))
        state, new = advance(state, window, rules())
        said += new
    assert said == list(replay(bed(LONG), rules()))


def test_a_dry_night_is_not_damp() -> None:
    assert notes(bed(damp())) == []
    assert verdict(bed(damp())) is TriState.NO


def test_short_times_do_not_count() -> None:
    often = damp(*((at, at + 15) for at in range(120, 520, 25)))
    assert notes(bed(often)) == []
    assert verdict(bed(often)) is TriState.NO


def test_half_an_hour_in_a_night_is_too_short() -> None:
    assert notes(bed(damp((120, 160)))) == []


def test_air_that_cools_is_no_damper_though_its_humidity_rises() -> None:
    """The same vapour has 62 % at 28 °C and 45 % at 33."""
    pct = {28.0: 62.0, 33.0: 46.9}
    for celsius in pct:
        cool = bed(
            lambda m, c=celsius: pct[c] if IN_MIN <= m < UP_MIN else ROOM_PCT,  # type: ignore[misc]
            leg=lambda m, c=celsius: c + m % 3 / 10 if IN_MIN <= m < UP_MIN else EMPTY_C,  # type: ignore[misc]
        )
        assert notes(cool) == []


def test_a_humid_room_is_no_sweat() -> None:
    assert notes(bed(damp((120, 400), pct=72.0), room_c=24.0, room_rh=60.0)) == []


def test_without_humidity_nothing_is_known() -> None:
    assert notes(bed(lambda _m: None)) == []
    assert verdict(bed(lambda _m: None)) is TriState.UNKNOWN


def test_without_the_rooms_humidity_the_empty_bed_of_the_evening_counts() -> None:
    (note,) = notes(bed(LONG, room_rh=None))
    assert dict(note.figures)["usual_kpa"] == pytest.approx(0.93, abs=0.03)
    no_room = bed(LONG, room_c=None)
    assert len(notes(no_room)) == 1


def test_with_neither_nothing_is_known() -> None:
    always = ((0.0, 9.0 * HOUR),)
    unseen = bed(LONG, room_rh=None, stays=always)
    assert notes(unseen) == []
    assert verdict(bed(LONG, room_rh=None, stays=always)) is TriState.UNKNOWN
    assert verdict(bed(damp(), room_rh=None, stays=always)) is TriState.UNKNOWN


@pytest.mark.parametrize("pct", [99.9, 101.7, 0.0, 1.0])
def test_a_humidity_that_cannot_be_is_neither_damp_nor_dry(pct: float) -> None:
    assert notes(bed(lambda _m: pct)) == []
    assert verdict(bed(lambda _m: pct)) is TriState.UNKNOWN


def test_a_sensor_that_becomes_wet_and_dries_is_not_believed_before_it_is_dry() -> None:
    def wet(minute: float) -> float:
        rises = 45 + (minute - 120) * 1.0  # for 55 min
        dries = 99.9 - (minute - 240) * 0.2
        return max(DRY_PCT, min(99.9, rises if minute < 240 else dries))

    assert notes(bed(wet)) == []
    assert verdict(bed(wet)) is TriState.UNKNOWN


def test_a_wet_sensor_cools_and_is_damp_for_hours_while_it_dries() -> None:
    def pct(minute: float) -> float:
        return 99.9 if 120 <= minute < 135 else 80.0 if 135 <= minute < 400 else DRY_PCT

    def leg(minute: float) -> float:
        wet_c = 4.0 if 120 <= minute < 160 else 0.0
        lies = IN_MIN <= minute < UP_MIN
        return (BED_C - wet_c if lies else EMPTY_C) + minute % 4 / 10

    assert notes(bed(pct, leg=leg)) == []
    assert verdict(bed(pct, leg=leg)) is TriState.UNKNOWN


def test_a_sensor_that_is_stuck_is_not_believed() -> None:
    stuck = bed(damp((IN_MIN, UP_MIN)), leg=lambda m: BED_C if IN_MIN <= m < UP_MIN else EMPTY_C)
    assert notes(stuck) == []
    assert verdict(bed(damp((60, 540)), leg=lambda _m: BED_C)) is TriState.UNKNOWN


@pytest.mark.parametrize("pct", [39.0, 99.9, 0.0])
def test_single_wrong_values_decide_nothing(pct: float) -> None:
    """A DHT22 halves one in some hundreds of its values, or gives one that cannot be."""
    wrong = bed(lambda m: pct if m % 7 > 6.8 else LONG(m))  # the last window of a minute in seven
    (note,) = notes(wrong)
    assert dict(note.figures)["damp_min"] == pytest.approx(130, abs=2)


@pytest.mark.parametrize("celsius", [85.0, -127.0, -243.04])
def test_a_temperature_that_cannot_be_is_no_bottle_and_stops_nothing(celsius: float) -> None:
    def air(minute: float) -> float | None:
        warm = wobbling(BED_C)(minute) if IN_MIN <= minute < UP_MIN else EMPTY_C
        return celsius if minute % 5 > 4.8 else warm

    (note,) = notes(bed(LONG, leg=air))
    assert dict(note.figures)["damp_min"] == pytest.approx(130, abs=2)


def test_beside_a_bottle_nothing_is_known() -> None:
    def cooling(minute: float) -> float:
        return EMPTY_C if minute < 40 else max(30.0, 44 - (minute - 40) * 0.05) + minute % 4 / 10

    assert notes(bed(LONG, leg=cooling)) == []
    assert verdict(bed(LONG, leg=cooling), 4 * HOUR) is TriState.UNKNOWN
    assert verdict(bed(damp(), leg=cooling), 4 * HOUR) is TriState.UNKNOWN


def test_a_sensor_that_has_slipped_out_says_nothing() -> None:
    def slips(minute: float) -> float:
        lies = IN_MIN <= minute < 3 * HOUR
        return (BED_C if lies else EMPTY_C) + minute % 4 / 10

    assert notes(bed(damp(), leg=slips)) == []
    assert verdict(bed(damp(), leg=slips)) is TriState.UNKNOWN


def test_without_a_mat_a_sensor_that_has_slipped_out_is_no_dry_bed() -> None:
    """By its air the bed is empty; but somebody still turns there."""

    def slips(minute: float) -> float:
        lies = IN_MIN <= minute < 3 * HOUR
        return (BED_C if lies else EMPTY_C) + minute % 4 / 10

    windows = (w._replace(in_bed=None, moves=_turns(w)) for w in bed(damp(), leg=slips))
    assert verdict(windows) is TriState.UNKNOWN


def _turns(window: Window) -> int:
    minute = (window.from_ms - BEGIN) / 60_000
    return 6 if IN_MIN <= minute < UP_MIN and minute % 45 < 0.1 else 0


def test_a_mat_that_still_says_occupied_is_no_empty_bed() -> None:
    """The sensor hangs in the room, and the sleeper lies so still that the mat is overruled."""

    def slips(minute: float) -> float:
        return (BED_C if IN_MIN <= minute < 3 * HOUR else EMPTY_C) + minute % 4 / 10

    still = (
        w._replace(
            moves=6 if (w.from_ms - BEGIN) / 60_000 < 3 * HOUR - 1 and w.seq % 90 == 0 else 0
        )
        for w in bed(damp(), leg=slips)
    )
    assert verdict(still) is TriState.UNKNOWN


def test_legs_without_a_cover_say_nothing_of_sweat() -> None:
    def bare(minute: float) -> float:
        return (22.0 if 150 <= minute < 240 else BED_C) + minute % 4 / 10

    assert verdict(bed(damp(), leg=bare)) is TriState.UNKNOWN


def test_an_empty_bed_is_never_damp() -> None:
    empty = bed(damp((0, 700), pct=97.0), stays=(), leg=wobbling(EMPTY_C))
    assert notes(empty) == []


def test_it_can_be_switched_off() -> None:
    assert notes(bed(LONG), rules(damp__note_s=0)) == []


def test_it_is_no_alert_that_stands() -> None:
    state, _ = drive(start(), bed(LONG), rules())
    seen = engine.view(state)
    assert seen is not None
    assert seen.alerts == ()
