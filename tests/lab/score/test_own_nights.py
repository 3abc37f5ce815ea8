"""`legwatch score --night`: one own night, judged by what somebody noted of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import start
from legwatch.errors import RecordingError, SettingsError
from legwatch.events import AlertKind
from legwatch.lived import Lived, LivedNight
from legwatch.testing import ms, night, recording_lines, uncovering
from legwatch_lab.score.command import main
from legwatch_lab.score.own_night import OwnNight, lines
from legwatch_lab.score.own_truth import Noted, OwnSpan, read
from legwatch_runtime import night_file
from legwatch_runtime.profiles import rules_for

Say = Callable[..., str]
BEGIN = ms("2026-01-02T21:00Z")
BARE = (100, 140)  # minutes after 21:00; the cover is off from 22:40 to 23:20


@pytest.fixture
def evening(tmp_path: Path) -> Path:
    path = tmp_path / "evening.csv"
    leg = uncovering(BARE, uncovered_c=23.0)
    path.write_text("\n".join([*recording_lines(night(leg=leg, minutes=300)), ""]))
    return path


@pytest.fixture
def say(evening: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: str) -> str:
        assert main(["--night", str(evening), *words]) == 0
        return str(capsys.readouterr().out)

    return run


def paragraph(text: str, head: str) -> dict[str, str]:
    """Return the lines of a paragraph by their first words."""
    (found,) = [part for part in text.split("\n\n") if part.startswith(head)]
    lines = [line.strip() for line in found.strip().splitlines()[1:]]
    return {line[:12].strip(): line[12:].strip() for line in lines}


def test_it_says_when_the_sign_the_sound_and_the_end_came(say: Say) -> None:
    text = say("--truth", "22:40-23:20 uncovered")
    assert text.startswith("evening.csv: 2026-01-02 21:00 to 02:00 (UTC)\n")
    told = paragraph(text, "22:40-23:20 uncovered")
    sign, sound = (int(told[name].split()[2]) for name in ("first sign", "first sound"))
    assert told["first sign"] == f"22:{40 + sign} (after {sign} min)"
    assert 1 <= sign < sound < 40
    assert told["told as over"].startswith("23:")
    assert text.endswith("Beside that\n  no sound\n")


def test_what_sounds_in_a_span_without_anybody_or_beside_all_is_named(say: Say) -> None:
    text = say("--truth", "21:20-21:30 out, 22:00-23:59 out")
    assert "no sound of cold legs, which is right" in text
    assert "sound, 2" in text.replace("sounds,", "sound,")
    text = say("--truth", "21:20-21:30 out")
    beside = text.partition("Beside that\n")[2]
    assert "cold repeated (warning)" in beside


def test_a_sound_soon_after_a_span_that_brought_no_sign_stands_beside(say: Say) -> None:
    text = say("--truth", "22:40-23:20 uncovered")
    sound = paragraph(text, "22:40-23:20 uncovered")["first sound"].split()[0]
    before = f"{sound[:3]}{int(sound[3:]) - 1:02}"
    for what in ("uncovered", "out"):
        text = say("--truth", f"22:00-22:40 {what}" if what == "out" else f"22:39-22:40 {what}")
        assert f"{sound} cold" in text.partition("Beside that\n")[2]
    text = say("--truth", f"22:00-{before} out")
    assert f"{sound} cold" in text.partition("Beside that\n")[2]


def test_an_alert_that_was_over_before_the_noted_end_is_told_as_over(say: Say) -> None:
    over = paragraph(say("--truth", "22:40-23:20 uncovered"), "22:40")["told as over"].split()[0]
    told = paragraph(say("--truth", "22:40-01:30 uncovered"), "22:40")
    assert told["told as over"] == f"{over}, before the cover was back"
    assert "too late" not in told


def test_a_quiet_without_an_alert_is_no_alert_that_stands() -> None:
    quiet = Notice(
        at_ms=BEGIN,
        kind=AlertKind.COLD,
        transition=TransitionKind.SNOOZED,
        severity=Severity.LOG,
        reason=Reason.BY_PERSON,
        suppressed_by=SuppressedBy.LOG_ONLY,
    )
    span = OwnSpan(BEGIN + 600_000, BEGIN + 1_200_000, Noted.UNCOVERED)
    bed = OwnNight("n", BEGIN, BEGIN + 3_600_000, UTC, (quiet,))
    said = "\n".join(lines(bed, [span]))
    assert "stood already" not in said
    fired = replace(quiet, at_ms=BEGIN + 1, transition=TransitionKind.FIRED)
    assert "stood already" in "\n".join(lines(bed._replace(notices=(quiet, fired)), [span]))


def test_a_stored_night_ends_with_its_last_window_before_noon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind it the file may have the window that has closed it: the first live one, days later."""
    seen = list(night(leg=uncovering(BARE, uncovered_c=23.0), minutes=300))
    days_later = 9 * 24 * 3_600_000
    closes = seen[0]._replace(
        from_ms=seen[0].from_ms + days_later, to_ms=seen[0].to_ms + days_later
    )
    noon_ms, rules = ms("2026-01-02T12:00Z"), rules_for("standard", {}, ZoneInfo("UTC"))
    entries = tuple(Lived(one) for one in (*seen, closes))
    path, to_ms = tmp_path / "stored.jsonl", noon_ms + 24 * 3_600_000
    found = LivedNight("b", "2026-01-02", "UTC", noon_ms, to_ms, start(), rules, entries, ())
    night_file.write(path, found)
    assert main(["--night", str(path), "--truth", "22:40-23:20 uncovered"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("stored.jsonl: 2026-01-02 21:00 to 02:00 (UTC)\n")
    with pytest.raises(SettingsError, match="02:10 is not in the recording"):
        main(["--night", str(path), "--truth", "02:10-02:20 out"])
    night_file.write(path, found._replace(entries=(Lived(closes),)), over=True)
    with pytest.raises(RecordingError, match="nothing to judge"):
        main(["--night", str(path), "--truth", "22:40-23:20 uncovered"])


def test_a_zone_that_is_given_counts(say: Say) -> None:
    assert "(Asia/Tokyo)" in say("--tz", "Asia/Tokyo", "--truth", "07:40-08:20 uncovered")


def test_other_limits_judge_the_same_evening(say: Say) -> None:
    truth = ("--truth", "22:40-23:20 uncovered")
    waits, at_once = (
        paragraph(say(*truth, *more), "22:40-23:20 uncovered")
        for more in ((), ("--set", "alerts.wait_s=0"))
    )
    assert at_once["first sound"] == at_once["first sign"] == waits["first sign"]
    assert waits["first sound"] > at_once["first sound"]


def test_a_cover_that_stays_off_is_not_told_as_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "open.csv"
    leg = uncovering((100, 300), uncovered_c=23.0)
    path.write_text("\n".join([*recording_lines(night(leg=leg, minutes=200)), ""]))
    assert main(["--night", str(path), "--truth", "22:40-22:50 uncovered"]) == 0
    told = paragraph(capsys.readouterr().out, "22:40-22:50 uncovered")
    assert told["told as over"] == "no, it still stands at the end of the night"
    assert told["first sound"] == "none"
    assert told["too late"].startswith("3 sounds with the cover back: 22:52 (after 2 min), 23:")


@pytest.mark.parametrize(
    ("truth", "why"),
    [
        ("22:40 uncovered", "is not of the form"),
        ("22:40-23:20 naked", "is not of the form"),
        ("12:00-12:30 out", "12:00 is not in the recording, which is from 2026-01-02 21:00"),
        ("22:40-12:00 out", "ends after the recording, to 2026-01-03 02:00 (UTC)"),
        ("25:00-26:00 out", "25:00 is no time of a day"),
        ("22:40-23:20 out, 23:00-23:30 uncovered", "two of the spans overlap"),
        ("2026-01-05 22:40-23:20 out", "22:40 is not in the recording"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(say: Say, truth: str, why: str) -> None:
    with pytest.raises(SettingsError, match=r"--truth") as refused:
        say("--truth", truth)
    assert why in str(refused.value)


def test_a_time_that_comes_twice_needs_its_date(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("\n".join([*recording_lines(night(minutes=26 * 60)), ""]))
    with pytest.raises(SettingsError, match="write the date before it"):
        main(["--night", str(path), "--truth", "21:30-21:40 out"])
    assert main(["--night", str(path), "--truth", "2026-01-03 21:30-21:40 out"]) == 0


def test_notes_need_a_night_and_one_night_only(evening: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="give one night"):
        main(["--night", str(evening), "--truth", "22:40-23:20 out", str(tmp_path)])
    with pytest.raises(SettingsError, match="folders of made nights"):
        main(["--truth", "22:40-23:20 out"])
    with pytest.raises(SettingsError, match="folders of made nights"):
        main([])
    empty = tmp_path / "empty.csv"
    empty.write_text("time,channel,value\n")
    with pytest.raises(RecordingError, match=r"empty\.csv"):
        main(["--night", str(empty), "--truth", "22:40-23:20 out"])


def test_an_evening_of_which_nothing_was_noted_names_all_that_sounded(say: Say) -> None:
    for nothing in ((), ("--truth", "")):
        head, _, rest = say(*nothing).partition("\n\n")
        assert head == "evening.csv: 2026-01-02 21:00 to 02:00 (UTC)"
        title, *sounds = rest.splitlines()
        assert title == "Nothing was noted (--truth), so nothing should sound"
        assert "cold repeated (warning)" in sounds[0]


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "-"],
        ["--kind", "open"],
        ["--limit", "1"],
        ["--jobs", "1"],
        ["--false"],
        ["--curve", "warmth.warn_c=25:27:1"],
    ],
)
def test_an_option_for_folders_is_refused_beside_one_night(
    evening: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["score", "--night", str(evening), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{words[0]}: this is for folders of made nights, not for --night" in err


def test_it_says_what_of_the_file_it_has_not_read_and_what_it_cannot_tell(
    evening: Path, say: Say
) -> None:
    assert "look again" not in say()
    evening.write_text(evening.read_text().replace("leg_temperature_c", "temperature_c"))
    text = say()
    assert "\nlook again: channels not used: temperature_c (" in text
    assert "\nlook again: no thermometer by the legs: no cold alert" in text
    evening.write_text(f"{evening.read_text()}2026-01-02T2")
    assert "\nlook again: 1 line refused, first line " in say()


def test_a_sensor_that_is_left_out_of_a_recording_is_missed(say: Say) -> None:
    truth = ("--truth", "22:40-23:20 uncovered")
    without = ("--without", "mat", "--without", "movement")
    assert paragraph(say(*truth, *without), "22:40")["first sign"] == "none"


def test_no_sensor_is_left_out_of_a_stored_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stored.jsonl"
    noon_ms, rules = ms("2026-01-02T12:00Z"), rules_for("standard", {}, ZoneInfo("UTC"))
    entries = tuple(Lived(one) for one in night(minutes=60))
    to_ms = noon_ms + 24 * 3_600_000
    stored = LivedNight("b", "2026-01-02", "UTC", noon_ms, to_ms, start(), rules, entries, ())
    night_file.write(path, stored)
    assert legwatch(["score", "--night", str(path), "--without", "movement"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "--without: " in err
    assert "is a stored night" in err


def test_the_servers_database_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "legwatch.db"
    path.write_bytes(b"SQLite format 3\0\x10\0\x01\x01\0@  \0\0\0\xff\xfe\x80")
    with pytest.raises(RecordingError) as refused:
        main(["--night", str(path)])
    assert str(refused.value) == (
        f"{path} is a database: `legwatch storage night BED DATE FILE` writes a night of the"
        " server's into a file"
    )


def test_the_minute_in_which_a_recording_begins_is_in_it() -> None:
    """People note minutes, and a recording begins at some second."""
    (span,) = read(["21:00-21:20 out"], BEGIN + 37_000, BEGIN + 3_600_000, UTC)
    assert span == OwnSpan(BEGIN, BEGIN + 20 * 60_000, Noted.OUT)
