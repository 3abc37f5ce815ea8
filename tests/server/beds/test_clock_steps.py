"""The server's wall clock is set: nobody is woken for it, and nobody hears later of a silence."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from legwatch.contract.window import encode_window
from legwatch.testing import live_window, uncovering
from legwatch_server.inbox import WindowArrived
from legwatch_server.publish.deadman import FRESH_S
from legwatch_server.store.errors import StoreError
from server.beds.night_watch import HOUR_MS, MINUTE_MS, NightWatch
from server.ward import BEGIN, open_ward

DAY_MS = 24 * HOUR_MS
TOLD_MIN = (14.0, 16.5)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[NightWatch]:
    ward = open_ward(tmp_path)
    yield NightWatch(ward)
    ward.close()


def is_told_in_time(watch: NightWatch) -> bool:
    return TOLD_MIN[0] <= watch.told_min() <= TOLD_MIN[1]


@pytest.mark.parametrize("by_ms", [-2 * HOUR_MS, 20_000, HOUR_MS])
@pytest.mark.parametrize("minutes", [2, 60])
def test_a_bedside_that_dies_is_told_in_time_whatever_the_clock_does(
    watch: NightWatch, by_ms: int, minutes: float
) -> None:
    watch.well(4)
    watch.step(by_ms)
    watch.well(min(minutes, 3))
    if minutes < 60:
        watch.step(-by_ms)
    watch.well(1)
    assert not watch.loud()
    assert is_told_in_time(watch)


@pytest.mark.parametrize("by_ms", [-DAY_MS, HOUR_MS])
def test_a_step_in_the_midst_of_a_silence_neither_delays_nor_hastens(
    watch: NightWatch, by_ms: int
) -> None:
    watch.well(4)
    watch.silent(5)
    watch.step(by_ms)
    assert 9 <= watch.told_min() <= 11.5


def test_two_hours_ahead_at_the_start_for_two_minutes(tmp_path: Path) -> None:
    ward = open_ward(tmp_path)
    watch = NightWatch(ward)
    ward.close()
    watch.wrong_ms = 2 * HOUR_MS
    ward.clock.step(2 * HOUR_MS)
    ward.start()
    watch.well(2)
    watch.step(-2 * HOUR_MS)
    watch.well(2)
    assert is_told_in_time(watch)
    ward.close()


def test_a_server_that_starts_in_the_past_and_gets_its_time_wakes_nobody(
    watch: NightWatch,
) -> None:
    watch.well(4)
    watch.off(5 * MINUTE_MS)
    watch.wrong_ms = -45 * MINUTE_MS
    watch.ward.clock.step(watch.wrong_ms)
    watch.ward.start()
    watch.well(4)
    watch.step(45 * MINUTE_MS)
    watch.well(20)
    assert not watch.loud()
    assert is_told_in_time(watch)


def test_a_server_that_starts_in_1970_wakes_nobody(watch: NightWatch) -> None:
    watch.well(4)
    watch.off(5 * MINUTE_MS)
    watch.wrong_ms = 45_000 - watch.ward.clock.now_ms
    watch.ward.clock.now_ms = 45_000
    watch.ward.start()
    watch.well(4)
    watch.step(-watch.wrong_ms)
    watch.well(20)
    assert not watch.loud()
    assert is_told_in_time(watch)
    assert watch.ward.rows("SELECT count(*) FROM windows WHERE to_ms < ?", BEGIN) == [(0,)]


def test_a_machine_that_has_slept_takes_no_bedside_for_dead(watch: NightWatch) -> None:
    watch.well(4)
    watch.pass_by(20 * MINUTE_MS)
    watch.ward.turn()
    watch.ward.settle()
    watch.well(20)
    assert not watch.loud()


@pytest.mark.parametrize("dies_min", [-5, -1, 1])
def test_a_bedside_that_dies_around_a_sleep_is_told_by_the_time_that_the_server_ran(
    watch: NightWatch, dies_min: int
) -> None:
    watch.well(4)
    before_min = max(0, -dies_min)
    watch.silent(before_min)
    watch.pass_by(400_000)
    watch.ward.turn()
    watch.well(max(0, dies_min))
    assert before_min + watch.told_min() <= 16.5


@pytest.mark.parametrize("by_ms", [-2 * HOUR_MS, 2 * HOUR_MS])
def test_the_heartbeat_falls_silent_in_its_time_after_a_step(watch: NightWatch, by_ms: int) -> None:
    watch.well(4)
    watch.step(by_ms)
    watch.well(0.5)
    watch.step(-by_ms)
    watch.silent(3.5)
    fresh = watch.ward.status.now().well
    assert fresh is not None
    assert watch.ward.timeline.instant().since(fresh) > FRESH_S


@pytest.mark.parametrize("by_ms", [-DAY_MS, 13 * HOUR_MS])
def test_open_pushes_are_neither_early_nor_late_nor_given_up(tmp_path: Path, by_ms: int) -> None:
    people = {
        "anna": {"role": "sleeper", "channels": ["phone"]},
        "bert": {"role": "carer", "channels": ["pager"]},
    }
    ward = open_ward(tmp_path, people=people)
    watch = NightWatch(ward)
    watch.well(4)
    watch.told_min()
    first = len(watch.loud())
    dues = ward.rows("SELECT min(due_ms) FROM deliveries WHERE state='decided'")
    wait_ms = dues[0][0] - ward.timeline.now_ms()
    assert wait_ms > MINUTE_MS
    watch.silent((wait_ms - MINUTE_MS) // (MINUTE_MS // 2) / 2)
    watch.step(by_ms)
    watch.ward.settle()
    assert len(watch.loud()) == first
    watch.silent(2)
    assert len(watch.loud()) == first + 1
    ward.close()


def test_a_step_is_said_in_the_log_and_in_the_report(
    watch: NightWatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.well(4)
    watch.step(HOUR_MS)
    watch.pass_by(5000)
    assert "the clock of this machine was set ahead by 1 h; all times" in caplog.text
    clock = watch.ward.loop.clock
    assert clock.report() == {"trusted": False, "last_step": {"by_s": 3600, "age_s": 5}}
    (concern,) = clock.concerns()
    assert "within the last 24 h; every hour counts as night" in concern


def test_a_clock_that_is_slewed_makes_no_step(watch: NightWatch) -> None:
    watch.well(1)
    watch.step(900)
    assert watch.ward.loop.clock.report() == {"trusted": True}


def test_no_minute_of_a_step_is_judged(watch: NightWatch) -> None:
    watch.well(4)
    minutes = watch.ward.unit.beds["b"].state.minutes
    watch.step(8 * HOUR_MS)
    watch.well(2)
    assert watch.ward.unit.beds["b"].state.minutes == minutes + 2
    assert watch.ward.rows("SELECT sum(late) FROM windows") == [(0,)]


def concerns(watch: NightWatch) -> list[str]:
    watch.pass_by(1000)
    watch.ward.turn()
    return list(watch.ward.loop.clock.concerns())


@pytest.mark.parametrize("synced", [True, False])
def test_before_the_first_synchronisation_it_counts_as_night(tmp_path: Path, synced: bool) -> None:
    """By day a silent bedside wakes nobody; without a time nobody knows that it is day."""
    ward = open_ward(tmp_path)
    watch = NightWatch(ward)
    ward.clock.advance(14 * HOUR_MS)
    ward.turn()
    ward.clock.is_synced = synced
    watch.well(2)
    found = "no time server has set the clock since the machine has started"
    assert [found in one for one in concerns(watch)] == ([] if synced else [True])
    watch.silent(16)
    assert len(watch.loud()) == (0 if synced else 1)
    ward.take_over(replace(ward.settings, clock="trusted"))
    assert not concerns(watch)
    ward.close()


@pytest.mark.parametrize(("by_ms", "trusted"), [(59_000, True), (61_000, False)])
def test_a_large_step_makes_the_time_doubtful_for_a_day_also_after_a_restart(
    watch: NightWatch, by_ms: int, trusted: bool
) -> None:
    watch.step(by_ms)
    watch.ward.restart()
    assert bool(concerns(watch)) is not trusted
    watch.pass_by(23 * HOUR_MS)
    assert bool(concerns(watch)) is not trusted
    watch.pass_by(HOUR_MS)
    assert not concerns(watch)


def test_a_step_that_cannot_be_stored_changes_nothing_and_is_tried_again(
    watch: NightWatch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.well(4)
    ward = watch.ward
    before = ward.unit.beds["b"].state, ward.timeline.zero_ms

    def fails(*_: object) -> None:
        raise StoreError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr("legwatch_server.store.times.move", fails)
        watch.step(HOUR_MS)
        assert (ward.unit.beds["b"].state, ward.timeline.zero_ms) == before
        assert "that could not be stored, trying again: disk I/O error" in caplog.text
    watch.well(1)
    assert ward.timeline.zero_ms == before[1] + HOUR_MS
    assert ward.unit.beds["b"].state.at_ms == ward.timeline.now_ms()
    assert is_told_in_time(watch)


@pytest.mark.parametrize("by_ms", [-2 * HOUR_MS, 2 * HOUR_MS])
def test_what_arrives_while_a_step_cannot_be_stored_has_its_right_time(
    watch: NightWatch, monkeypatch: pytest.MonkeyPatch, by_ms: int
) -> None:
    watch.well(4)
    ward, arrived = watch.ward, []

    def fails(*_: object) -> None:
        arrived.append(watch.window())
        raise StoreError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr("legwatch_server.store.times.move", fails)
        watch.step(by_ms)
        ward.turn(arrived[:1])
    bed = ward.unit.beds["b"]
    assert bed.seen_ms == ward.timeline.now_ms()
    assert ward.rows("SELECT sum(late) FROM windows") == [(0,)]


def test_a_step_that_cannot_be_stored_does_not_keep_the_disk_busy(
    watch: NightWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def fails(*_: object) -> None:
        tries.append(None)
        raise StoreError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr("legwatch_server.store.times.move", fails)
        watch.step(HOUR_MS)
        for _ in range(100):
            watch.pass_by(100)
            watch.ward.turn()
    assert len(tries) <= 3


def test_a_crash_beside_a_step_leaves_it_whole_or_undone(
    watch: NightWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine runs on, and the server that starts again sees a step that was not stored."""
    watch.well(4)
    ward = watch.ward
    for crashes in (True, False):
        with monkeypatch.context() as patch:
            if crashes:
                patch.setattr("legwatch_server.store.times.move", crash)
                with pytest.raises(SystemExit):
                    watch.step(-2 * HOUR_MS)
            else:
                watch.step(-2 * HOUR_MS)
        ward.restart()
        watch.well(1)
        assert ward.timeline.now_ms() == ward.clock.now_ms
        assert ward.unit.beds["b"].state.at_ms == ward.timeline.now_ms()
    watch.well(3)  # after a start the bedsides have time to come back
    assert is_told_in_time(watch)


def crash(*_: object) -> None:
    raise SystemExit


def test_a_step_while_the_server_is_down_is_known_by_the_run_of_the_machine(
    watch: NightWatch,
) -> None:
    watch.well(4)
    watch.ward.close()
    watch.pass_by(2 * MINUTE_MS)
    watch.wrong_ms = 8 * HOUR_MS
    watch.ward.clock.step(8 * HOUR_MS)
    watch.ward.start()
    watch.well(4)
    bed = watch.ward.unit.beds["b"].state
    assert bed.minutes == 10
    assert watch.ward.loop.clock.report()["last_step"]["by_s"] == 8 * 3600
    assert is_told_in_time(watch)


@pytest.mark.parametrize("wrong_ms", [-2 * HOUR_MS, -5 * MINUTE_MS, 0, 8 * HOUR_MS])
def test_the_bedsides_know_for_how_long_the_machine_was_off(
    watch: NightWatch, wrong_ms: int
) -> None:
    watch.well(4)
    watch.off(5 * MINUTE_MS)
    watch.start_wrong(wrong_ms)
    watch.ward.turn([watch.window(age_ms) for age_ms in range(290_000, -1, -10_000)])
    watch.well(1)
    bed = watch.ward.unit.beds["b"].state
    assert (bed.minutes, bed.at_ms) == (10, watch.ward.timeline.now_ms())
    # Only a bedside that sends at pace shows that the clock is ahead.
    shown_seq = 54 if wrong_ms > 0 else 36
    assert watch.ward.rows("SELECT sum(late) FROM windows WHERE seq > ?", shown_seq) == [(0,)]


def test_a_queue_at_the_broker_is_no_proof_of_a_wrong_clock(watch: NightWatch) -> None:
    """The broker is elsewhere and keeps what the bedside has sent; the wall clock is right."""
    watch.well(4)
    watch.ward.close()
    sent = []
    for _ in range(30):
        watch.pass_by(10_000)
        sent.append(watch.window())
    watch.ward.clock.boot, watch.ward.clock.up_ms = "another", 30_000
    watch.ward.start()
    now_ms = watch.ward.timeline.now_ms()
    queue = [one._replace(message=one.message._replace(arrived_ms=now_ms)) for one in sent]
    watch.ward.turn(queue)
    assert "last_step" not in watch.ward.loop.clock.report()
    assert watch.ward.unit.beds["b"].state.at_ms == now_ms


def trusted(watch: NightWatch) -> bool:
    return watch.ward.loop.clock.report() == {"trusted": True}


def test_what_an_earlier_start_of_an_agent_has_left_is_no_proof(watch: NightWatch) -> None:
    """The whole house was without power; the agent does not know how old its windows are."""
    watch.well(4, clock="unsynced")
    left = []
    for _ in range(2):
        watch.pass_by(10_000)
        left.append(watch.window(clock="unsynced"))
    watch.off(10 * MINUTE_MS)
    watch.ward.start()
    watch.pass_by(20_000)
    watch.ward.turn([comes_now(watch, one) for one in left])
    watch.begin_anew()
    watch.well(2, clock="unsynced")
    assert trusted(watch)
    assert watch.ward.unit.beds["b"].state.at_ms == watch.ward.timeline.now_ms()


@pytest.mark.parametrize("in_flight", [20, 180])
@pytest.mark.parametrize("dies_min", [5, 30])
def test_a_queue_that_empties_is_no_proof(watch: NightWatch, in_flight: int, dies_min: int) -> None:
    """The broker is elsewhere; the bedside may have died long before the server came back."""
    watch.well(4)
    watch.ward.close()
    sent = []
    for _ in range(dies_min * 6):
        watch.pass_by(10_000)
        sent.append(watch.window())
    watch.pass_by((30 - dies_min) * MINUTE_MS)
    watch.ward.clock.boot, watch.ward.clock.up_ms = "another", 30_000
    watch.ward.start()
    while sent:
        watch.ward.turn([comes_now(watch, one) for one in sent[:in_flight]])
        del sent[:in_flight]
        watch.pass_by(250)
    assert trusted(watch)
    assert watch.told_min() <= 16.5
    assert trusted(watch)


def comes_now(watch: NightWatch, one: WindowArrived) -> WindowArrived:
    now_ms = watch.ward.timeline.now_ms()
    return one._replace(message=one.message._replace(arrived_ms=now_ms))


def test_a_late_proof_moves_no_bed_that_has_lived_by_the_clock_of_this_start(
    watch: NightWatch,
) -> None:
    watch.well(4)
    watch.off(5 * MINUTE_MS)
    watch.wrong_ms = 2 * HOUR_MS
    watch.ward.clock.step(2 * HOUR_MS)
    watch.ward.start()
    other = NightWatch(watch.ward)
    other.wrong_ms = watch.wrong_ms
    for turn in range(18):
        for one in (watch, other):
            one.go_on(10_000)
        watch.ward.clock.advance(10_000)
        both = [other.window(bed="a"), *([watch.window()] if turn > 12 else [])]
        watch.ward.turn(both)
    assert watch.ward.loop.clock.report()["last_step"]["by_s"] == 7200
    now_ms = watch.ward.timeline.now_ms()
    assert [bed.state.at_ms <= now_ms for bed in watch.ward.unit.beds.values()] == [True, True]
    assert [bed.seen_ms <= now_ms for bed in watch.ward.unit.beds.values()] == [True, True]
    assert is_told_in_time(watch)
    assert {push.bed for push in watch.ward.notices()} == {"a", "b"}


@pytest.mark.parametrize("wrong_ms", [-2 * HOUR_MS, 12 * MINUTE_MS, 2 * HOUR_MS])
@pytest.mark.parametrize("right_after_min", [0.5, 2, 60])
@pytest.mark.parametrize("back_min", [4, 8])
def test_a_clock_that_is_wrong_after_a_power_cut_wakes_nobody(
    watch: NightWatch, wrong_ms: int, right_after_min: float, back_min: float
) -> None:
    watch.well(4)
    watch.off(5 * MINUTE_MS)
    watch.start_wrong(wrong_ms)
    for half in range(int(2 * back_min)):
        if half == 2 * right_after_min:
            watch.step(-wrong_ms)
        watch.silent(0.5)
    watch.well(4)
    assert not watch.loud()
    assert is_told_in_time(watch)


@pytest.mark.parametrize("wrong_ms", [-2 * HOUR_MS, 0, 2 * HOUR_MS])
@pytest.mark.parametrize("right_after_min", [1, 60])
@pytest.mark.parametrize("before_min", [0, 5, 12])
def test_a_bedside_that_died_before_a_power_cut_is_told_by_the_time_that_the_server_ran(
    watch: NightWatch, wrong_ms: int, right_after_min: float, before_min: int
) -> None:
    watch.well(4)
    watch.silent(before_min)
    watch.off(5 * MINUTE_MS)
    watch.start_wrong(wrong_ms)
    told_min = 0.0
    while not watch.loud() and told_min < 20:
        if told_min == right_after_min and wrong_ms:
            watch.step(-wrong_ms)
        watch.silent(0.5)
        told_min += 0.5
    assert before_min + told_min <= 16.5


def test_a_recording_keeps_its_own_time(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, beds={"b": {"played": True}})
    watch = NightWatch(ward)
    to_ms = BEGIN - 100 * DAY_MS
    windows = [live_window(seq, to_ms + seq * 10_000, clock="played") for seq in range(1, 30)]
    ward.turn([watch.arrived(encode_window(one)) for one in windows])
    before = ward.unit.beds["b"].state
    assert before.minutes
    watch.step(-2 * HOUR_MS)
    assert ward.unit.beds["b"].state == before
    ward.close()


def test_a_recording_that_is_played_again_is_said_to_stand_beside_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after somebody has deleted the agent's spool, which knows how far it has played."""
    ward = open_ward(tmp_path, beds={"b": {"played": True}})
    watch, to_ms = NightWatch(ward), BEGIN - 100 * DAY_MS

    def plays(boot: str, part: range) -> int:
        for seq in part:
            one = live_window(seq, to_ms + seq * 10_000, clock="played")
            ward.turn([watch.arrived(encode_window(one._replace(boot=boot)))])
        said = "a recording begins 20 min before the end of the last one. If it is played again"
        return sum(said in line for line in caplog.messages)

    assert plays("0000000a", range(1, 100)) == 0
    assert plays("0000000b", range(100, 122)) == 0  # it goes on after a start of the agent
    assert plays("0000000c", range(1, 30)) == 1
    ward.close()


def test_what_an_earlier_start_of_a_recording_kept_begins_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a bed is declared as played only after its agent has started anew."""
    caplog.set_level("INFO")
    ward = open_ward(tmp_path, beds={"b": {"played": True}})
    watch, to_ms = NightWatch(ward), BEGIN - 100 * DAY_MS

    def plays(boot: str, seq: int, age_ms: int) -> None:
        one = live_window(seq, to_ms + seq * 10_000, clock="played")
        ward.turn([watch.arrived(encode_window(one._replace(boot=boot, age_ms=age_ms)))])

    for seq in range(100, 160):
        plays("0000000b", seq, 0)
    before = ward.unit.beds["b"].state
    for seq in range(1, 30):
        plays("0000000a", seq, HOUR_MS)
    assert ward.unit.beds["b"].state == before
    assert [line for line in caplog.messages if "recording begins" in line] == []
    ward.close()


def test_a_recording_that_had_to_wait_is_not_refused_as_one_that_leaps(tmp_path: Path) -> None:
    """As when the broker let its agent in late, or the server's disk was full for a while."""
    ward = open_ward(tmp_path, beds={"b": {"played": True}})
    watch, to_ms = NightWatch(ward), BEGIN - 100 * DAY_MS
    for seq in range(1, 400):
        age_ms = HOUR_MS if seq < 200 else 0
        one = live_window(seq, to_ms + seq * 10_000, clock="played", leg_c=31.0, age_ms=age_ms)
        ward.turn([watch.arrived(encode_window(one))])
    assert ward.rows("SELECT count(*) FROM quarantine") == [(0,)]
    assert ward.rows("SELECT count(*) FROM windows WHERE late") == [(199,)]
    assert ward.unit.beds["b"].state.at_ms == to_ms + 399 * 10_000
    assert ward.rows("SELECT count(*) FROM notices") == [(0,)]
    ward.close()


@pytest.mark.parametrize("wakes_after_s", [0, 400])
def test_legs_that_get_cold_before_a_sleep_are_told_at_their_time(
    tmp_path: Path, wakes_after_s: int
) -> None:
    """What held before the sleep and holds after it has held all the time."""
    leg = uncovering((20, 999))
    ward = open_ward(tmp_path)
    watch = NightWatch(ward)
    for minute in range(60):
        if minute == 26:
            watch.pass_by(wakes_after_s * 1000)
            ward.turn()
        elif minute < 26 or minute * 60 >= 26 * 60 + wakes_after_s:
            watch.well(1, leg_c=leg(minute))
        if ward.transitions():
            break
    assert minute in range(41, 53), "once it is sure"
    ward.close()


@pytest.mark.parametrize("stopped", [True, False])
def test_a_writer_that_waits_for_its_disk_has_not_slept(
    watch: NightWatch, caplog: pytest.LogCaptureFixture, stopped: bool
) -> None:
    """What the broker's thread received meanwhile shows it; a stopped process receives nothing."""
    watch.well(4)
    watch.silent(12)
    arrived = []
    for _ in range(20):
        watch.pass_by(10_000)
        arrived.append(watch.window(bed="other"))
    if stopped:
        now_ms = watch.ward.timeline.now_ms()
        arrived = [one._replace(message=one.message._replace(arrived_ms=now_ms)) for one in arrived]
    watch.ward.turn(arrived)
    assert ("this server was asleep for 200 s" in caplog.text) is stopped
    ran_min = 12 if stopped else 12 + 200 / 60
    assert ran_min + watch.told_min() <= 16.5
