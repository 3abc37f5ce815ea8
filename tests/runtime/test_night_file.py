"""The file of a night: what was lived comes back, and a wrong file is refused in a sentence."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.engine import start
from legwatch.errors import CannotRun, RecordingError
from legwatch.events import Ack, AlertKind, Away, Snooze, Tick, Window
from legwatch.lived import (
    Begun,
    Dropped,
    Excused,
    Expected,
    Given,
    Lived,
    LivedNight,
    Lost,
    Moved,
    NewRules,
    Pressed,
    Restarted,
    Rested,
    SetUp,
    Sounded,
    Told,
    WatchedAgain,
)
from legwatch.lived_json import SHAPES
from legwatch.testing import live_window
from legwatch_lab.replay import command as replay
from legwatch_runtime import night_file
from legwatch_runtime.profiles import rules_for

ZONE = ZoneInfo("Europe/Berlin")
RULES = rules_for("standard", {}, ZONE)
NOON = 1_767_351_600_000
NOTICE = Notice(
    at_ms=NOON + 60_000,
    kind=AlertKind.COLD,
    transition=TransitionKind.FIRED,
    severity=Severity.WARNING,
    reason=Reason.COOLED,
    figures=(("leg_c", 24.5), ("for_min", 8), ("bed", "a"), ("room_c", None)),
    suppressed_by=SuppressedBy.HOLD,
    episode_ms=NOON,
    rule=Rule("warmth.warn_c", 26.0),
)
SEEN = live_window(
    1, NOON + 10_000, boot="", leg_c=31.25, moves=0, in_bed=False, age_ms=None,
    faults=(("room", "checksum"),), others=(("lux", 0.0),),
)  # fmt: skip
ENTRIES = (
    Lived(SEEN, NOON + 10_500),
    Lived(SEEN._replace(seq=2), NOON + 900_000, late=True),
    Lived(Ack(NOON + 1, AlertKind.STILL, None, useful=False), who="bedside"),
    Lived(Snooze(NOON + 2, None, NOON + 9, standing=True, episode_ms=3), who="anna"),
    Lived(Tick(NOON + 3)),
    Lived(Away(NOON + 4)),
    Lived(Excused(NOON + 5, NOON + 4)),
    Lived(Restarted(NOON + 5)),
    Lived(NewRules(rules_for("at_risk", {"warmth.warn_c": 25.5}, ZoneInfo("UTC")))),
    Lived(SetUp(("leg", "room"))),
    Lived(Expected(NOON + 6)),
    Lived(Dropped(NOON + 7)),
    Lived(Begun(NOON + 7)),
    Lived(Rested(NOON + 8, watched=False)),
    Lived(WatchedAgain(NOON + 9)),
    Lived(Moved(-60_000)),
    Lived(Pressed(NOON + 9, "cramp")),
    Lived(Sounded(NOON + 9)),
    Lived(Told(NOTICE)),
    Lived(Lost(NOON + 10)),
)
NIGHT = LivedNight(
    "anna", "2026-01-02", "Europe/Berlin", NOON, NOON + 86_400_000, start(), RULES, ENTRIES,
    (Given(NOTICE, "Cover your legs \u2744.", "bert"),), "",
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "night.jsonl"
    night_file.write(path, NIGHT)
    return path


def changed(file: Path, change: Callable[[list[dict[str, object]]], object]) -> Path:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    change(lines)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def test_every_entry_comes_back(file: Path) -> None:
    assert {type(lived.entry) for lived in ENTRIES} == set(SHAPES.values())
    assert night_file.read(file) == NIGHT
    assert Window in {type(lived.entry) for lived in ENTRIES}


def test_a_limit_that_an_older_version_did_not_have_is_as_in_the_standard_profile(
    file: Path,
) -> None:
    def older(lines: list[dict[str, object]]) -> None:
        lines[2].pop("care")
        lines[2]["presence"] = {"no_such_limit": 1}

    assert night_file.read(changed(file, older)).rules == RULES


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[0].update(legwatch_night=2), "a night of version 2, 1 expected"),
        (lambda lines: lines[0].pop("bed"), "line 1: 'bed'"),
        (lambda lines: lines[0].update(zone="Mars/Base"), "line 1: zone: 'Mars/Base' is not a"),
        (lambda lines: lines[5].update(at_ms=10**30), "line 6: ack: at_ms: no such time"),
        (lambda lines: lines[-2].update(at_ms=10**30), "at_ms: no such time"),
        (lambda lines: lines[1].update(state=[9, []]), "line 2: a state of version 9"),
        (lambda lines: lines[2].update(zone="Mars/Base"), "line 3: .*is not a time zone"),
        (lambda lines: lines[2].update(care=5), "line 3: care: a table of limits is expected"),
        (lambda lines: lines[3].update(leg_c="warm"), "line 4: window: float expected"),
        (lambda lines: lines[3].update(what="song"), "line 4: no entry is called 'song'"),
        (lambda lines: lines[5].pop("at_ms"), "line 6: ack: "),
        (lambda lines: lines.pop(), "the file is cut off after line"),
        (lambda lines: lines.pop(5), "lines were written"),
    ],
)
def test_a_wrong_line_is_named(
    change: Callable[[list[dict[str, object]]], object], why: str, file: Path
) -> None:
    with pytest.raises(RecordingError, match=f"night.jsonl: cannot be read: .*{why}"):
        night_file.read(changed(file, change))


def test_a_file_that_is_cut_within_a_line_says_so_without_the_words_of_a_parser(file: Path) -> None:
    text = file.read_text()
    at = text.index("\n", text.index('"what":"window"'))
    number = text[:at].count("\n") + 1
    file.write_text(text[: at - 5])
    with pytest.raises(RecordingError) as cut:
        night_file.read(file)
    assert str(cut.value) == (
        f"{file}: cannot be read: the file is cut off in line {number}; copy it again"
    )
    file.write_text(text[: at - 5] + text[at:])
    with pytest.raises(RecordingError) as damaged:
        night_file.read(file)
    assert f": line {number} is no line of a night's file; " in str(damaged.value)
    assert "char" not in str(damaged.value)


def test_any_damage_ends_in_a_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, chance = file.read_bytes(), random.Random(26)
    for _ in range(150):
        at = chance.randrange(40, len(whole) - 1)  # the head still says what the file is
        new = chance.choice((b"", b"9", b'"', b"null", b"[", b"\xff", b"99999999999999999999"))
        file.write_bytes(whole[:at] + new + whole[at + chance.randrange(3) :])
        assert replay.main([str(file)]) in (0, 2)
        out, aside = capsys.readouterr()
        assert "night.jsonl: " in out + aside
        assert "Traceback" not in aside


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="cannot be written: "):
        night_file.write(tmp_path / "none" / "night", NIGHT)
    night_file.write(tmp_path / "night", NIGHT)
    with pytest.raises(CannotRun, match="is there already"):
        night_file.write(tmp_path / "night", NIGHT)
    assert [path.name for path in tmp_path.iterdir()] == ["night"]
