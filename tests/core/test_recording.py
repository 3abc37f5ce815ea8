"""Replay files become the windows that an agent would have sent."""

import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract.fields import (
    HIGHEST_C,
    LATEST_MS,
    LOWEST_C,
    MAX_MOVED_S,
    MAX_MOVES,
    MAX_WINDOW_MS,
)
from legwatch.contract.press import Press, decode_press, encode_press
from legwatch.contract.window import decode_window, encode_window
from legwatch.errors import RecordingError
from legwatch.events import Ack, Window
from legwatch.printable import shown
from legwatch.recording import ChannelReading, Recording, events, parse, windows

NIGHTS = Path(__file__).resolve().parents[3] / "shared" / "nights"
HEAD = "time,channel,value"
BERLIN = ZoneInfo("Europe/Berlin")


def read(*lines: str, zone: ZoneInfo | None = None, **renames: str) -> Recording:
    return parse([HEAD, *lines], zone=zone or UTC, renames=renames)


def made(*lines: str) -> list[Window]:
    return [item for item in windows(read(*lines)) if isinstance(item, Window)]


def at(recording: Recording) -> list[str]:
    return [
        datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")
        for at_ms, _, _ in recording.readings
    ]


@pytest.mark.parametrize("head", ["", "at,channel,value", "2026-01-01T00:00:00Z,movement,1"])
def test_without_the_header_nothing_is_guessed(head: str) -> None:
    with pytest.raises(RecordingError, match="time,channel,value"):
        parse([head], zone=UTC)


def test_an_error_in_the_header_carries_the_first_lines() -> None:
    with pytest.raises(RecordingError, match=r"it is 'a,b'") as caught:
        parse(["a,b\n", "1,2\n", "\x1b\n", "4\n", "5\n"], zone=UTC)
    assert caught.value.opening == ("a,b", "1,2", "\\x1b", "4")
    with pytest.raises(RecordingError, match="the file is empty") as caught:
        parse([], zone=UTC)
    assert caught.value.opening == ()


def test_a_recording_keeps_its_first_lines_and_reads_all_of_them() -> None:
    lines = [f"2026-01-01T00:00:0{s}Z,movement,1" for s in range(9)]
    found = read(*lines)
    assert found.opening == (HEAD, *lines[:3])
    assert len(found.readings) == 9


def test_refused_lines_are_counted_by_what_was_wrong() -> None:
    found = read(
        "2026-01-01T00:00:00Z,movement",
        "1767666600000,movement,1",
        "06/01/2026 02:30:00,movement,1",
        "2999-01-01T00:00:00Z,movement,1",
        "2026-01-01T00:00:00Z,movement,-1",
        "2026-01-01T00:00:00Z,movement,1",
        "1767666600000,light,1",
    )
    assert found.amiss == {"line": 1, "time": 3, "value": 1}
    assert found.refused_count == sum(found.amiss.values())
    assert [line for line, _ in found.refused] == [2, 3, 4, 5, 6]
    form = "is not ISO 8601, such as 2026-01-31T22:15:00+01:00"
    assert found.refused[1][1] == f"the time '1767666600000' {form}"
    assert found.refused[2][1] == f"the time '06/01/2026 02:30:00' {form}"


def test_the_time_that_is_given_as_an_example_can_be_read() -> None:
    (_, why), *_ = read("x,movement,1").refused
    assert len(read(f"{why.rpartition(' ')[2]},movement,1").readings) == 1


@given(text=st.text(), most=st.integers(1, 90))
def test_what_is_shown_of_a_file_is_short_and_harmless(text: str, most: int) -> None:
    said = shown(text, most)
    assert said.isprintable()
    assert len(said) <= most


def test_what_is_shown_of_a_plain_line_is_that_line() -> None:
    assert shown("2026-01-06 02:30,Leg °C,31.2\r\n") == "2026-01-06 02:30,Leg °C,31.2"
    assert shown("x" * 81) == "x" * 79 + "…"
    assert shown("a\x1b[0m\u202e\ufeff\ud800") == r"a\x1b[0m\u202e\ufeff\ud800"


def test_a_byte_order_mark_and_more_columns_do_no_harm() -> None:
    lines = ["\ufefftime,channel,value,note", "2026-01-01T00:00:00Z,movement,1,cat"]
    assert len(parse(lines, zone=UTC).readings) == 1


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "", "warm", "126", "-56", "1e400"])
def test_what_is_no_temperature_is_refused_with_its_line(value: str) -> None:
    found = read(
        "2026-01-01T00:00:00Z,movement,1", f"2026-01-01T00:00:00Z,leg_temperature_c,{value}"
    )
    assert [line for line, _ in found.refused] == [3]
    assert found.refused_count == 1
    assert len(found.readings) == 1


@pytest.mark.parametrize(
    "line",
    [
        "yesterday,movement,1",
        "1969-12-31T00:00:00Z,movement,1",
        "2999-01-01T00:00:00Z,movement,1",
        "0001-01-01T00:00:00,movement,1",
        "2026-01-01T00:00:00Z,movement",
        "2026-01-01T00:00:00Z,movement,-1",
        "2026-01-01T00:00:00Z,in_bed,2",
        "2026-01-01T00:00:00Z,leg_humidity_pct,101",
        "2026-01-01T00:00:00Z,button,snooze",
    ],
)
def test_a_wrong_line_is_refused(line: str) -> None:
    found = read(line)
    assert (found.readings, found.refused_count, found.ignored) == ((), 1, {})


def test_other_channels_are_counted_and_renamed_ones_are_read() -> None:
    lines = [f"2026-01-01T00:00:0{i}Z,{name},1" for i, name in enumerate(("light", "light", "pir"))]
    assert read(*lines).ignored == {"light": 2, "pir": 1}
    found = read(*lines, pir="movement")
    assert found.ignored == {"light": 2}
    assert [channel for _, channel, _ in found.readings] == ["movement"]


def test_naive_times_are_local_and_offsets_win() -> None:
    lines = ("2026-01-01T01:00:00,movement,1", "2026-01-01T02:00:00+05:00,movement,1")
    assert at(read(*lines, zone=BERLIN)) == ["21:00:00", "00:00:00"]


def test_the_hour_that_comes_twice_is_told_apart_by_the_step_back() -> None:
    times = ("01:59", "02:00", "02:59", "02:00", "02:59", "03:00")
    lines = [f"2026-10-25T{time}:00,movement,1" for time in times]
    hours = ["23:59:00", "00:00:00", "00:59:00", "01:00:00", "01:59:00", "02:00:00"]
    assert at(read(*lines, zone=BERLIN)) == hours


def test_a_second_back_in_the_hour_that_comes_twice_is_no_new_round() -> None:
    lines = [f"2026-10-25T02:10:{s:02},movement,1" for s in (10, 9, 11)]
    assert at(read(*lines, zone=BERLIN)) == ["00:10:09", "00:10:10", "00:10:11"]


FORMS = (
    "%Y-%m-%dT%H:%M:%S{zone}",
    "%Y-%m-%d %H:%M:%S{zone}",
    "%Y-%m-%dT%H:%M:%S.25{zone}",
    "%Y-%m-%dT%H:%M{zone}",
    "%Y%m%dT%H%M%S{zone}",
    "%Y%m%dT%H%M{zone}",
    "%G-W%V-%uT%H:%M:%S{zone}",
    " %Y-%m-%dT%H:%M:%S{zone} ",
)
ZONES = ("Z", "+00:00", "+02:00", "-03:30", "+01:00:30", "+0200", "")
near = st.integers(0, 130).map(lambda s: datetime(2026, 1, 1, 23, 58) + timedelta(seconds=s))  # noqa: DTZ001 - naive on purpose
texts = st.builds(
    lambda moment, form, zone: moment.strftime(form.format(zone=zone)),
    near,
    st.sampled_from(FORMS),
    st.sampled_from(ZONES),
)


@given(texts=st.lists(texts, max_size=12))
def test_a_time_is_the_same_whatever_the_line_before_has_said(texts: list[str]) -> None:
    together = read(*(f"{text},movement,{n}" for n, text in enumerate(texts)))
    alone = [reading for text in texts for reading in read(f"{text},movement,1").readings]
    assert len(together.readings) == len(texts)
    found = sorted(together.readings, key=lambda reading: reading[2])
    assert [at_ms for at_ms, _, _ in found] == [at_ms for at_ms, _, _ in alone]


@pytest.mark.parametrize("second", ["60", "99", "-1", "1", " 1", "x1", "+1", "\u0661\u0661"])
def test_a_second_that_is_none_is_refused_also_after_good_ones(second: str) -> None:
    times = ("2026-01-01T00:00:01Z", f"2026-01-01T00:00:{second}Z", "2026-01-01T00:00:02Z")
    found = read(*(f"{time},movement,1" for time in times))
    assert [number for number, _ in found.refused] == [3]
    assert at(found) == ["00:00:01", "00:00:02"]


def test_the_last_minute_that_is_allowed_ends_in_the_middle() -> None:
    last = datetime.fromtimestamp((LATEST_MS - MAX_WINDOW_MS) / 1000, UTC)
    times = [last - timedelta(seconds=1), last, last + timedelta(seconds=1)]
    found = read(*(f"{time.isoformat()},movement,1" for time in times))
    assert [number for number, _ in found.refused] == [4]


FORMS_OF_A_LINE = (
    "{time},{name},{value}\n",
    "{time},{name},{value}\r\n",
    '"{time}",{name},{value}\n',
    '{time},"{name}",{value}\n',
    '{time},{name},"{value}"\n',
    '{time},"{name}\n"," {value}\n"\n',
    " {time} , {name} , {value} \n",
    "{time},{name},{value},note\n",
    '{time},{name},{value},"a note\nof two lines"\n',
    "{time}\n",
    ",{name},{value}\n",
    "\n",
)
forms = st.builds(
    lambda form, second, name, value: form.format(
        time=f"2026-01-01T00:59:{second:02}Z", name=name, value=value
    ),
    st.sampled_from(FORMS_OF_A_LINE),
    st.integers(57, 61),
    st.sampled_from(("movement", "in_bed", "light")),
    st.sampled_from(("0", "1", "-0.0", "2", "x")),
)


@given(texts=st.lists(forms, max_size=12))
def test_a_line_says_the_same_whatever_other_lines_have_said(texts: list[str]) -> None:
    together = read(*(line for text in texts for line in text.splitlines(keepends=True)))
    alone = [read(*text.splitlines(keepends=True)) for text in texts]
    told = sorted((reading for one in alone for reading in one.readings), key=lambda r: r[0])
    assert repr(together.readings) == repr(tuple(_once(told)))
    assert together.refused_count == sum(one.refused_count for one in alone)
    assert Counter(together.ignored) == sum((Counter(one.ignored) for one in alone), Counter())


def _once(readings: list[ChannelReading]) -> list[ChannelReading]:
    """Leave out what a logger has summed up and a joined export says again."""
    sums: set[ChannelReading] = set()
    found = []
    for reading in readings:
        _, channel, value = reading
        if channel == "movement" and isinstance(value, float) and value > 1:
            if reading in sums:
                continue
            sums.add(reading)
        found.append(reading)
    return found


def test_equal_sums_of_joined_exports_count_once_and_are_counted() -> None:
    line = "2026-01-01T00:00:01Z,movement,7"
    edge = "2026-01-01T00:00:02Z,movement,1"
    found = read(line, edge, edge, line)
    assert found.repeated == 1
    assert [value for _, _, value in found.readings] == [7.0, 1.0, 1.0]


def test_a_line_without_a_time_is_refused_also_before_any_other() -> None:
    found = read(",movement,1", "2026-01-01T00:00:01Z,movement,1", ",movement,1")
    assert [number for number, _ in found.refused] == [2, 4]
    assert at(found) == ["00:00:01"]


def test_an_error_of_the_file_names_its_line() -> None:
    rows = ('2026-01-01T00:00:00Z,movement,"1\n', '"\n', "2026-01-01T00:00:00Z,move\rment,1\n")
    with pytest.raises(RecordingError, match="line 4: new-line character"):
        read(*rows)


def test_a_zero_keeps_its_sign_whatever_zero_came_before() -> None:
    lines = [f"2026-01-01T00:00:{n}0Z,leg_temperature_c,{c}" for n, c in enumerate((0, "-0.0", 0))]
    assert repr([window.leg_c for window in made(*lines)]) == "[0.0, -0.0, 0.0]"


def test_a_value_that_is_repeated_is_judged_by_its_own_channel() -> None:
    lines = [f"2026-01-01T00:00:0{n}Z,{line}" for n, line in enumerate(SAME_TEXT)]
    found = read(*lines)
    assert [value for _, _, value in found.readings] == [1.0, 99.0, 99.0, 1.0]
    assert [number for number, _ in found.refused] == [3, 4, 6]


SAME_TEXT = (
    "in_bed,1",
    "in_bed,99",
    "in_bed,99",
    "leg_humidity_pct,99",
    "in_bed,x",
    "leg_humidity_pct,99",
    "in_bed,1",
)


def test_lines_in_disorder_are_sorted() -> None:
    lines = [f"2026-01-01T00:00:{s:02}Z,leg_temperature_c,{s}" for s in (25, 5, 15)]
    assert [w.leg_c for w in made(*lines)] == [5, 15, 25]


def test_windows_lie_on_the_grid_and_hold_medians() -> None:
    lines = [
        f"2026-01-01T00:00:0{s}Z,leg_temperature_c,{c}" for s, c in ((3, 30), (5, 90), (7, 31))
    ]
    (window,) = made(*lines)
    assert window.from_ms % 10_000 == 0
    assert (window.seq, window.leg_c, window.room_c, window.clock) == (1, 31.0, None, "played")
    assert window.mono_ms == window.to_ms - window.from_ms == 10_000


def test_movements_of_a_window_are_summed() -> None:
    lines = [f"2026-01-01T00:00:0{s}Z,movement,{n}" for s, n in ((1, 1), (2, 2), (9, 4))]
    assert [w.moves for w in made(*lines)] == [7]


def test_silence_is_not_stillness() -> None:
    lines = ("2026-01-01T00:00:00Z,movement,1", "2026-01-01T00:10:00Z,movement,1")
    moves = [w.moves for w in made(*lines)]
    assert len(moves) == 61
    assert (moves[0], moves[-1]) == (1, 1)
    # A logger that wrote something within a minute was watching; between, nobody knows.
    assert moves[1:6] == [0] * 5
    assert set(moves[10:50]) == {None}


def test_without_a_movement_channel_movements_are_unknown() -> None:
    assert [w.moves for w in made("2026-01-01T00:00:00Z,leg_temperature_c,30")] == [None]


def test_seconds_of_movement_add_up_over_a_window() -> None:
    lines = ("00:00:01Z,moved_s,2.5", "00:00:05Z,moved_s,1", "00:00:05Z,active_s,0.5")
    (one,) = made(*(f"2026-01-01T{line}" for line in lines))
    assert (one.moves, one.moved_s, one.active_s) == (None, 3.5, 0.5)
    (full,) = made("2026-01-01T00:00:01Z,active_s,60")
    assert (full.moved_s, full.active_s) == (None, 10.0)  # no longer than the window


def test_no_seconds_of_movement_are_unknown_where_nobody_watched() -> None:
    lines = ("2026-01-01T00:00:00Z,active_s,3", "2026-01-01T00:10:00Z,active_s,3")
    seconds = [w.active_s for w in made(*lines)]
    assert (seconds[0], seconds[1:6], set(seconds[10:50])) == (3.0, [0.0] * 5, {None})


def test_the_mat_holds_its_word_while_the_logger_lives() -> None:
    lines = ["2026-01-01T00:00:00Z,in_bed,1"]
    lines += [f"2026-01-01T00:{m:02}:00Z,leg_temperature_c,30" for m in (*range(5), *range(20, 23))]
    words = [w.in_bed for w in made(*lines)]
    assert set(words[: 5 * 6]) == {True}
    assert set(words[7 * 6 : 18 * 6]) == {None}
    assert words[-1] is True


def test_a_short_hole_has_windows_and_a_long_one_has_none() -> None:
    short = made("2026-01-01T00:00:00Z,movement,1", "2026-01-01T00:29:00Z,movement,1")
    assert len(short) == 29 * 6 + 1
    long = made("2026-01-01T00:00:00Z,movement,1", "2026-01-01T01:00:00Z,movement,1")
    assert [w.seq for w in long] == [1, 2]
    assert long[1].from_ms - long[0].from_ms == 3_600_000


def test_buttons_are_presses_between_the_windows() -> None:
    found = read(
        "2026-01-01T00:00:01Z,leg_temperature_c,30",
        "2026-01-01T00:00:12Z,button,ack",
        "2026-01-01T00:00:31Z,button,cramp",
    )
    items = list(windows(found))
    assert [type(item) for item in items] == [Window, Press, Window, Window, Press, Window]
    assert [item.seq for item in items if isinstance(item, Window)] == [1, 2, 3, 4]
    presses = [item for item in items if isinstance(item, Press)]
    assert len({press.id for press in presses}) == 2
    assert [decode_press(encode_press(press)) for press in presses] == presses
    # The engine knows no cramp; the diary does.
    assert [e.at_ms for e in events(found) if isinstance(e, Ack)] == [presses[0].at_ms]


def test_more_movements_than_the_wire_carries_are_as_many_as_it_does() -> None:
    lines = [f"2026-01-01T00:00:0{s}Z,movement,{MAX_MOVES}" for s in range(3)]
    (window,) = made(*lines)
    assert decode_window(encode_window(window)).moves == MAX_MOVES


def survives(recording: Recording) -> int:
    count = 0
    for item in windows(recording):
        if isinstance(item, Window):
            count += 1
            assert decode_window(encode_window(item)) == item
        else:
            assert decode_press(encode_press(item)) == item
    return count


values = {
    "leg_temperature_c": st.floats(LOWEST_C, HIGHEST_C),
    "leg_humidity_pct": st.floats(0, 100),
    "room_temperature_c": st.floats(LOWEST_C, HIGHEST_C),
    "movement": st.integers(0, MAX_MOVES),
    "moved_s": st.floats(0, MAX_MOVED_S),
    "active_s": st.floats(0, MAX_MOVED_S),
    "in_bed": st.integers(0, 1),
    "button": st.sampled_from(("ack", "cramp")),
}
times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - naive on purpose
lines_of = st.lists(
    st.tuples(times, st.sampled_from(sorted(values))).flatmap(
        lambda pair: values[pair[1]].map(lambda value: f"{pair[0].isoformat()},{pair[1]},{value}")
    ),
    max_size=20,
)


@given(lines=lines_of)
def test_every_window_is_the_same_after_the_wire(lines: list[str]) -> None:
    found = read(*lines, zone=BERLIN)
    survives(found)
    assert len(found.readings) + found.refused_count + found.repeated == len(lines)


@given(lines=st.lists(st.text(max_size=40), max_size=10))
def test_no_line_makes_it_fall_over(lines: list[str]) -> None:
    try:
        found = read(*lines)
    except RecordingError:
        return
    assert len(found.readings) + found.refused_count + sum(found.ignored.values()) <= len(lines)


@pytest.mark.parametrize("name", ["bed_dht22", "dht22_failing", "wrist_skin"])
def test_recorded_nights_are_the_same_after_the_wire(name: str) -> None:
    file = NIGHTS / name / "data.csv.gz"
    if not file.exists():
        pytest.skip(f"the recorded night {name} is not on this machine")
    renames = {"temperature_c": "leg_temperature_c", "motion": "movement"}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        found = parse(lines, zone=UTC, renames=renames)
    assert survives(found) > 1000


@pytest.mark.parametrize(
    "odd",
    [
        '2026-01-01T00:00:10Z,"movement",2',  # what CSV reads as the others
        '"2026-01-01T00:00:10Z",movement,2',
        '2026-01-01T00:00:10Z,movement,"2"',
        "2026-01-01T00:00:10Z,movement,2\r",
    ],
)
def test_a_line_is_read_alike_whether_its_end_has_come_before_or_not(odd: str) -> None:
    before = [f"2026-01-01T00:00:0{second}Z,movement,2\n" for second in range(3)]
    plain = read(*before, "2026-01-01T00:00:10Z,movement,2\n", *before)
    assert read(*before, f"{odd}\n", *before) == plain


def test_a_quote_that_stays_open_takes_lines_whose_end_has_come_before() -> None:
    usual = "2026-01-01T00:00:00Z,leg_temperature_c,20\n"
    found = read(usual, '"2026-01-01T00:00:01Z,leg_temperature_c,20\n', usual, '"\n', usual)
    assert len(found.readings) == 2
    assert found.refused[0][0] == 3


def test_an_error_names_its_line_also_after_lines_that_needed_no_csv() -> None:
    usual = "2026-01-01T00:00:00Z,leg_temperature_c,20\n"
    with pytest.raises(RecordingError, match="line 5: new-line character"):
        read(usual, usual, usual, "2026-01-01T00:00:00Z,movement,1\r2\n", usual)
