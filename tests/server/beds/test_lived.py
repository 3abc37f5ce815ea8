"""Each night can be replayed as it was lived: the notices are the same, to the byte."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest

from legwatch.alerting.notice import as_json
from legwatch.contract.action import Action
from legwatch.contract.press import Press
from legwatch.contract.window import encode_window
from legwatch.events import Window
from legwatch.lived import LivedNight, relive
from legwatch.settings import load
from legwatch.testing import ms, night, uncovering
from legwatch.text.message import text
from legwatch_runtime import night_file
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested
from legwatch_server.notify.commit import commit
from legwatch_server.settings import ServerSettings
from legwatch_server.store.errors import StoreError
from legwatch_server.testing import InProcessServer
from server.beds.anna import BEGIN, COMMIT, REAL, WINDOW, arriving, live, open_server, play, take
from server.beds.night_story import BED, NightStory
from server.beds.night_watch import MINUTE_MS
from server.ward import press

pytestmark = pytest.mark.slow

FIRST = date(2026, 1, 2)


def kept(ward: InProcessServer, number: int, folder: Path, bed: str = BED) -> LivedNight:
    """Return a night as its file gives it back."""
    with ward.store.reader() as reader:
        ((ident, _),) = reader.beds(bed)
        found = reader.lived(ident, bed, FIRST + timedelta(days=number), UTC)
    path = folder / f"{number}.jsonl"
    night_file.write(path, found, over=True)
    back = night_file.read(path)
    assert back == found
    return back


def lived(found: LivedNight) -> Sequence[str]:
    return [as_json(one.notice, bed=found.bed, text=one.text) for one in found.given]


def replayed(found: LivedNight) -> Sequence[str]:
    return [as_json(one, bed=found.bed, text=text(one)) for one in relive(found)]


def take_press(server: InProcessServer) -> None:
    server.press("anna", Press("p1", "ack", server.clock.now_ms))


def same(ward: InProcessServer, number: int, folder: Path) -> Sequence[str]:
    found = kept(ward, number, folder)
    assert found.missing == ""
    assert replayed(found) == lived(found)
    return lived(found)


@pytest.mark.parametrize(
    ("seed", "nights"),
    [(4, 0.3), *(pytest.param(n, 3, marks=pytest.mark.slow) for n in range(4))],
)
def test_nights_with_all_that_happens_are_replayed_as_they_were_lived(
    seed: int, nights: float, tmp_path: Path
) -> None:
    story = NightStory(tmp_path, seed)
    story.go_through(nights)
    every = range(1 if nights < 1 else int(nights) + 1)
    lines = [line for night in every for line in same(story.ward, night, tmp_path)]
    assert lines == [line for line in story.ward.lines() if f'"bed":"{BED}"' in line]
    story.ward.close()


def test_a_clock_that_is_set_in_the_night_is_replayed_too(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(90)
    story.watch.step(40 * MINUTE_MS)
    story.live(60)
    story.answer()
    story.watch.step(-40 * MINUTE_MS)
    story.live(200)
    assert len(same(story.ward, 0, tmp_path)) > 8
    story.ward.close()


@pytest.mark.slow
def test_a_night_whose_noon_comes_twice_is_not_replayed(tmp_path: Path) -> None:
    """The clock is set back over noon: what belongs to which night is not known any more."""
    story = NightStory(tmp_path)
    story.live(15 * 60 + 30)  # 12:30 of the next day
    story.watch.step(-60 * MINUTE_MS)
    story.live(90)
    for number in (0, 1):
        found = kept(story.ward, number, tmp_path)
        assert found.missing == (
            "the bed has passed its noon twice, because a clock or a time zone was set"
        )
        with pytest.raises(ValueError, match="has passed its noon twice"):
            list(relive(found))
    story.ward.close()


def test_a_state_that_is_lost_at_a_start_is_said(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(60)
    story.ward.close()
    with closing(sqlite3.connect(story.ward.path)) as db, db:
        db.execute("UPDATE beds SET state='[2,'")
    story.ward.start()
    story.live(60)
    assert kept(story.ward, 0, tmp_path).missing == "the state of the bed was lost in it"
    story.ward.close()


def test_a_database_that_is_damaged_in_the_night_is_said(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(60)
    story.ward.close()
    story.ward.path.write_bytes(b"no database at all " * 5000)
    story.ward.start()
    story.live(60)
    assert kept(story.ward, 0, tmp_path).missing == "the database was damaged in it"
    story.ward.close()


def test_a_database_that_was_taken_away_but_saved_over_whole_is_as_good(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(80)
    story.ward.path.unlink()
    story.live(60)
    assert same(story.ward, 0, tmp_path)
    story.ward.close()


@pytest.mark.slow
def test_a_bed_that_rests_over_noon_has_its_next_night(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(14 * 60)
    story.settle({}, ended=True)
    story.live(4 * 60)
    story.settle({})
    story.live(180)
    same(story.ward, 0, tmp_path)
    same(story.ward, 1, tmp_path)
    story.ward.close()


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("windows", [0, 2, 7, 14])
def test_a_restart_in_the_first_minute_of_a_bed_that_was_expected_has_its_night(
    clean: bool, windows: int, tmp_path: Path
) -> None:
    """As when its owner corrects a mistake in the settings."""
    table = {"rehearsal": {"at": ""}, "zone": "UTC", "beds": {REAL: {}}}
    settings = load(ServerSettings, table)
    server = InProcessServer(tmp_path, settings, begin_ms=BEGIN + 5_000)
    topic = WINDOW.replace("anna", REAL)
    for seq in range(1, windows + 1):
        server.clock.advance(10_000)
        server.turn([arriving(server, encode_window(live(seq, server)), topic)])
    if clean:
        server.loop.finish()
    server.restart()
    for seq in range(windows + 1, windows + 61):
        server.clock.advance(10_000)
        server.turn([arriving(server, encode_window(live(seq, server)), topic)])
    found = kept(server, 0, tmp_path, REAL)
    came = [one.entry.seq for one in found.entries if isinstance(one.entry, Window)]
    assert found.missing == ""
    assert came[-50:] == list(range(windows + 11, windows + 61))
    assert replayed(found) == lived(found)
    server.close()


@pytest.mark.slow
def test_a_server_that_is_off_over_noon_has_both_nights(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(8 * 60)
    story.ward.close()
    story.watch.pass_by(12 * 60 * MINUTE_MS)
    story.ward.start()
    story.live(180)
    assert same(story.ward, 0, tmp_path)
    assert same(story.ward, 1, tmp_path)
    story.ward.close()


def test_what_the_server_tells_besides_its_alerts_is_in_its_place(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(5)
    story.ward.turn([story.ward.message("legwatch/v1/b/status", b"offline")])
    story.silent()
    story.live(30)
    lines = same(story.ward, 0, tmp_path)
    assert any('"what":"reported"' in line for line in lines)
    story.ward.close()


def test_a_quiet_that_is_shorter_than_the_one_that_runs_is_told_again(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(75)
    (ident,) = story.ward.rows("SELECT id FROM notices WHERE what='fired'")[0]
    for minutes in (60, 30):
        claims = LinkClaims(TargetKind.NOTICE, ident, Action.SNOOZE, minutes, 0)
        now_ms = story.ward.clock.now_ms
        asked = ActionRequested(claims, b"%d" % minutes, "command line", now_ms, lambda _: None)
        story.ward.turn([asked])
    story.live(5)
    lines = same(story.ward, 0, tmp_path)
    assert sum('"what":"snoozed"' in line for line in lines) == 2
    story.ward.close()


def test_a_commit_that_failed_leaves_no_event_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = NightStory(tmp_path)
    story.live(100)
    story.silent()
    failed = iter((True, True))

    def failing(*words: Any) -> bool:
        if next(failed, False):
            raise ValueError("no commit")
        return commit(*words)

    monkeypatch.setattr(COMMIT, failing)
    story.settle({"stillness.warn_s": 3600})
    press(story.ward)
    story.live(100)
    assert same(story.ward, 0, tmp_path)
    (count,) = story.ward.rows("SELECT count(*) FROM events WHERE what='rules'")[0]
    assert count == 1
    story.ward.close()


def test_noon_is_by_the_clock_at_the_bed(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.settle({}, zone="Asia/Tokyo")
    story.live(7 * 60)  # from 6 in the morning there
    noons = story.ward.rows("SELECT night, at_ms FROM noons ORDER BY at_ms")
    assert noons == [
        ("2026-01-02", ms("2026-01-02T03:00Z")),
        ("2026-01-03", ms("2026-01-03T03:00Z")),
    ]
    assert same(story.ward, 0, tmp_path)
    assert kept(story.ward, 1, tmp_path).zone == "Asia/Tokyo"
    story.ward.close()


def test_what_is_kept_of_a_night_is_little_beside_its_windows(tmp_path: Path) -> None:
    """A silent bed is ticked each minute, and an undisturbed one needs no event at all."""
    story = NightStory(tmp_path)
    story.live(60)
    story.watch.silent(300)
    (before,) = story.ward.rows("SELECT count(*) FROM events")
    story.live(5)
    (after,) = story.ward.rows("SELECT count(*) FROM events")
    assert (before, after) == ((0,), (1,))
    story.ward.close()


def test_the_limits_of_a_night_are_kept_once_for_all_that_have_them(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(16 * 60)  # past the next noon
    names = story.ward.rows("SELECT DISTINCT rules FROM noons")
    assert names == story.ward.rows("SELECT key FROM meta WHERE key LIKE 'limits:%'")
    assert len(names) == 1
    assert len(story.ward.rows("SELECT * FROM noons")) > 1
    assert same(story.ward, 0, tmp_path)
    story.ward.close()


def test_limits_in_the_row_of_their_noon_are_read_too(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(80)
    before = kept(story.ward, 0, tmp_path)
    in_row = "UPDATE noons SET rules=(SELECT value FROM meta WHERE key=rules)"
    with closing(sqlite3.connect(story.ward.path)) as db, db:
        db.execute(in_row)
        db.execute("DELETE FROM meta WHERE key LIKE 'limits:%'")
    assert kept(story.ward, 0, tmp_path) == before
    story.ward.close()


def test_limits_that_are_missing_are_said(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.live(80)
    with closing(sqlite3.connect(story.ward.path)) as db, db:
        db.execute("DELETE FROM meta WHERE key LIKE 'limits:%'")
    with pytest.raises(StoreError, match="its limits are missing"):
        kept(story.ward, 0, tmp_path)
    story.ward.close()


@pytest.mark.parametrize("restarts", [False, True])
def test_minutes_that_were_judged_without_their_windows_are_judged_so_again(
    restarts: bool, tmp_path: Path
) -> None:
    """An alert on the silence has come before a window that was measured in it."""
    story = NightStory(tmp_path)
    story.live(40)
    while "fired" not in story.ward.transitions("agent"):
        story.watch.silent(0.5)
    if restarts:
        story.ward.restart()
    story.held_back(170)
    story.live(60)
    assert any('"kind":"agent","what":"fired"' in line for line in same(story.ward, 0, tmp_path))
    story.ward.close()


def test_what_is_given_at_noon_itself_belongs_to_the_night_that_begins(tmp_path: Path) -> None:
    story = NightStory(tmp_path)
    story.settle({}, zone="Pacific/Honolulu")  # there it is 11 in the morning
    story.ahead_min = 9
    story.live(90)
    begins, ends = same(story.ward, 0, tmp_path), same(story.ward, -1, tmp_path)
    assert begins[0].startswith('{"at":"2026-01-02T22:00:00Z"')
    assert [*ends, *begins] == story.ward.lines()
    story.ward.close()


def test_a_recording_that_is_played_again_is_the_night_that_was_played_last(tmp_path: Path) -> None:
    server = open_server(tmp_path)
    leg = uncovering((20, 60), (100, 145))
    seen = list(night(begin="2026-01-03T09:00Z", minutes=180, leg=leg))  # in Berlin, noon is at 11
    play(server, (one._replace(boot="0000000a") for one in seen))
    server.clock.advance(8 * 3_600_000)
    play(server, (one._replace(boot="0000000b") for one in seen))
    last = server.lines()[len(server.lines()) // 2 :]
    found = [kept(server, number, tmp_path, "anna") for number in (0, 1)]
    assert [line for one in found for line in replayed(one)] == last
    assert [lived(one) == replayed(one) for one in found] == [True, True]
    server.close()


@pytest.mark.parametrize("later", ["2026-01-04T04:00Z", "2026-01-04T20:00Z", "2026-02-03T20:00Z"])
def test_the_time_between_two_recordings_is_no_silence_of_the_bedside(
    later: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server = open_server(tmp_path)
    leg = uncovering((20, 60), (100, 145))
    for boot, begin in (("0000000a", "2026-01-03T20:00Z"), ("0000000b", later)):
        recorded = night(begin=begin, minutes=180, leg=leg)
        play(server, (one._replace(boot=boot) for one in recorded))
        server.restart()
    assert server.rows("SELECT DISTINCT kind FROM notices") == [("cold",)]
    (said,) = [line for line in caplog.messages if "that time is not judged" in line]
    assert said.startswith("bed anna: a recording begins ")
    assert "after the last recording;" in said
    days = {1, (ms(later) - ms("2026-01-02T10:00Z")) // 86_400_000}
    found = [kept(server, day, tmp_path, "anna") for day in days]
    assert [lived(one) for one in found] == [replayed(one) for one in found]
    assert sum(len(lived(one)) for one in found) == len(server.lines())
    server.close()


@pytest.mark.parametrize("late", [False, True], ids=["at once", "what waited comes first"])
def test_the_time_between_a_recording_and_the_sensors_is_no_silence_of_the_bedside(
    late: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server = open_server(tmp_path)
    recorded = night(begin="2025-02-13T20:00Z", minutes=180, leg=uncovering((20, 60), (100, 145)))
    play(server, (one._replace(boot="0000000b") for one in recorded))
    server.restart()
    if late:
        take(server, encode_window(live(1, server, age_ms=3_600_000)))
        server.idle(5 * MINUTE_MS)
    for seq in range(10, 60):
        server.clock.advance(10_000)
        take(server, encode_window(live(seq, server)))
    assert server.rows("SELECT DISTINCT kind FROM notices") == [("cold",)]
    (said,) = [line for line in caplog.messages if "that time is not judged" in line]
    assert said == (
        "bed anna: its sensors begin 322 days after the last recording; that time is not judged"
    )
    server.idle(20 * MINUTE_MS)
    assert server.transitions("agent") == ["fired"]  # from now on, silence is told as of any bed
    (found,) = server.rows("SELECT night FROM noons ORDER BY night DESC LIMIT 1")
    number = (date.fromisoformat(found[0]) - FIRST).days
    tonight = kept(server, number, tmp_path, "anna")
    assert lived(tonight) == replayed(tonight) != []
    server.close()


@pytest.mark.parametrize("fails", [False, True], ids=["", "the first commit fails"])
def test_the_first_night_of_sensors_after_a_recording_has_its_first_minute(
    fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alert of the recording stands, and somebody answers it in the first minute."""
    server = open_server(tmp_path)
    recorded = night(begin="2025-02-13T20:00Z", minutes=90, leg=uncovering((60, 90)))
    play(server, (one._replace(boot="0000000b") for one in recorded))
    assert server.transitions()[-1] == "raised"  # it stands
    failed = iter((fails,))

    def failing(*words: Any) -> bool:
        if next(failed, False):
            raise ValueError("no commit")
        return commit(*words)

    monkeypatch.setattr(COMMIT, failing)
    for seq in range(1, 61):
        server.clock.advance(10_000)
        take(server, encode_window(live(seq, server)))
        if seq == 2:
            take_press(server)
    first, tonight = kept(server, -323, tmp_path, "anna"), kept(server, 0, tmp_path, "anna")
    came = [one.entry.seq for one in tonight.entries if isinstance(one.entry, Window)]
    assert came == list(range(1, 61))
    assert lived(tonight) == replayed(tonight)
    assert [one.notice.transition for one in tonight.given][:1] == ["acknowledged"]
    assert lived(first) == replayed(first)
    assert [*lived(first), *lived(tonight)] == server.lines()
    server.close()


def test_the_time_between_the_sensors_and_a_recording_is_no_silence_of_the_bedside(
    tmp_path: Path,
) -> None:
    server = open_server(tmp_path)
    for seq in range(1, 31):
        server.clock.advance(10_000)
        take(server, encode_window(live(seq, server)))
    play(server, (one._replace(boot="0000000b") for one in night(begin="2026-01-30T20:00Z")))
    assert server.transitions("agent") == []
    server.close()


def test_a_night_in_the_middle_of_which_a_recording_was_played_says_so(tmp_path: Path) -> None:
    """No clock was set: the sensors have begun the night anew after the recording."""
    server = open_server(tmp_path)
    recorded = night(begin="2025-02-13T20:00Z", minutes=90)
    for first in (1, 31):
        for seq in range(first, first + 30):
            server.clock.advance(10_000)
            take(server, encode_window(live(seq, server)))
        if first == 1:
            play(server, (one._replace(boot="0000000b") for one in recorded))
    assert kept(server, 0, tmp_path, "anna").missing == (
        "the bed has passed its noon twice, because a recording was played in between"
    )
    assert kept(server, -323, tmp_path, "anna").missing == ""
    server.close()
