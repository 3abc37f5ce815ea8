"""`legwatch storage night` writes a night, and `legwatch replay` replays it as it was lived."""

import gzip
import json
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.errors import CannotRun, SettingsError
from legwatch_lab.replay import command as replay
from legwatch_lab.score import command as score
from legwatch_server.cli import storage
from server.beds.night_story import BED, NightStory
from server.store.years_ahead import DAY_MS
from server.store.years_ahead import settle as age
from server.ward import press

Say = Callable[..., tuple[str, str]]
NIGHT = "2026-01-02"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NightStory]:
    """One night with a reload and an answer in it; the second night has begun."""
    made = NightStory(tmp_path_factory.mktemp("state"))
    made.live(80)
    press(made.ward)
    made.live(100)
    made.settle({"stillness.warn_s": 3600})
    made.live(740)
    yield made
    made.ward.close()


@pytest.fixture
def config(story: NightStory, tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    path.write_text(dumps({"state_dir": str(story.ward.path.parent), "zone": "UTC"}))
    return path


@pytest.fixture
def say(config: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: object, code: int = 0) -> tuple[str, str]:
        command, *rest = map(str, words)
        if command == "storage":
            assert storage.main(["--config", str(config), *rest]) == code
        else:
            assert replay.main(rest) == code
        return capsys.readouterr()

    return run


def test_a_night_is_written_and_replayed_as_it_was_lived(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    said, _ = say("storage", "night", BED, NIGHT, file)
    assert said.startswith(f"{file}: night of Friday 02 January 2026 of bed b: 1,8")
    assert f"`legwatch replay {file}` replays it." in said
    shown, aside = say("replay", file)
    *rows, end = shown.splitlines()
    assert end.startswith("night.jsonl: bed b, 18")
    assert end.endswith(f": {len(rows) - 1} notices, the same as in that night")
    assert aside == ""
    what = [row.split()[3] for row in rows[1:]]
    assert {"fired", "acknowledged", "resolved"} <= set(what)


def test_other_limits_are_applied_all_night_and_the_differences_named(
    say: Say, tmp_path: Path
) -> None:
    say("storage", "night", BED, NIGHT, tmp_path / "night.jsonl")
    shown, _ = say("replay", tmp_path / "night.jsonl", "--set", "stillness.warn_s=14400")
    table, _, end = shown.partition("night.jsonl: ")
    assert "not the same as in that night: " in end
    assert " under other limits" in end
    gone = [line for line in end.splitlines() if line.startswith("- ")]
    assert any(" still " in line and " fired " in line for line in gone)
    assert "still   fired         warning" not in table
    assert f"{len(gone)} only then (-)" in end
    shown, _ = say("replay", tmp_path / "night.jsonl", "--profile", "at_risk")
    assert "not the same as in that night: " in shown


def test_an_evening_is_judged_by_what_was_noted(
    say: Say, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say("storage", "night", BED, NIGHT, tmp_path / "evening.zip")
    noted = "2026-01-03 02:00-02:10 out"
    assert score.main(["--night", str(tmp_path / "evening.zip"), "--truth", noted]) == 0
    head, span, beside = capsys.readouterr().out.split("\n\n")
    assert head.startswith("evening.zip: 2026-01-02 ")
    assert span == "02:00-02:10 out\n  no sound of cold legs, which is right"
    assert " cold " in beside


def test_as_lines_of_json_the_notices_are_those_that_are_stored(
    say: Say, tmp_path: Path, story: NightStory
) -> None:
    say("storage", "night", BED, NIGHT, tmp_path / "night.jsonl")
    out, aside = say("replay", tmp_path / "night.jsonl", "--format", "jsonl")
    lines = [line.replace(',"sounds"', "\n").split("\n")[0] + "}" for line in out.splitlines()]
    stored = [line for line in story.ward.lines() if '"at":"2026-01-02' in line or "-03T0" in line]
    assert lines[: len(stored)] == stored
    assert "the same as in that night" in aside


def test_the_file_can_be_read_by_a_person_and_is_private(say: Say, tmp_path: Path) -> None:
    plain, packed = tmp_path / "night.jsonl", tmp_path / "night.jsonl.gz"
    say("storage", "night", BED, NIGHT, plain)
    say("storage", "night", BED, NIGHT, packed)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert say("replay", packed)[0].replace(".gz", "") == say("replay", plain)[0]
    assert {stat.S_IMODE(file.stat().st_mode) for file in (plain, packed)} == {0o600}
    lines = [json.loads(line) for line in plain.read_text().splitlines()]
    assert lines[0]["legwatch_night"] == 1
    assert {line.get("what") for line in lines[1:]} >= {
        "state", "rules", "window", "ack", "notice", "end",
    }  # fmt: skip
    assert [line.get("what") for line in lines].count("rules") == 2  # at noon, and at the reload
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "night.jsonl", "night.jsonl.gz", "server.toml",
    ]  # fmt: skip


def test_a_file_that_is_there_is_kept_but_by_force(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    file.write_text("mine")
    with pytest.raises(CannotRun, match="is there already: give another name, or --force"):
        say("storage", "night", BED, NIGHT, file)
    assert file.read_text() == "mine"
    say("storage", "night", BED, NIGHT, file, "--force")
    assert "the same as in that night" in say("replay", file)[0]


def test_what_cannot_be_written_is_said_in_one_sentence(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    with pytest.raises(SettingsError, match="there is no bed 'c'; known: b"):
        say("storage", "night", "c", NIGHT, file)
    with pytest.raises(CannotRun, match="of bed b: nothing of it is stored"):
        say("storage", "night", BED, "2026-02-02", file)
    with pytest.raises(CannotRun, match="No such file or directory"):
        say("storage", "night", BED, NIGHT, tmp_path / "no" / "night")
    with pytest.raises(SystemExit):
        say("storage", "night", BED, "yesterday", file)
    assert not file.exists()


@pytest.mark.parametrize("cut", [3, 200, 900_000])
def test_a_file_that_is_cut_off_is_refused(cut: int, say: Say, tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    say("storage", "night", BED, NIGHT, file)
    data = file.read_bytes()
    file.write_bytes(data[: -min(cut, len(data) // 2)])
    _, aside = say("replay", file, code=2)
    assert "night.jsonl: cannot be read: " in aside


def test_packed_windows_are_as_good_as_new_ones(
    say: Say, tmp_path: Path, story: NightStory, config: Path
) -> None:
    say("storage", "night", BED, NIGHT, tmp_path / "hot.jsonl")
    path = _copy(story, tmp_path)
    config.write_text(dumps({"state_dir": str(path.parent), "zone": "UTC"}))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        age(db, story.ward.clock.now_ms + 2 * DAY_MS)
        assert db.execute("SELECT count(*) FROM packs").fetchone()[0] > 5
    say("storage", "night", BED, NIGHT, tmp_path / "packed.jsonl")
    assert (tmp_path / "packed.jsonl").read_text() == (tmp_path / "hot.jsonl").read_text()


def test_deleted_windows_are_said_and_nothing_is_written(
    say: Say, tmp_path: Path, story: NightStory, config: Path
) -> None:
    path = _copy(story, tmp_path)
    config.write_text(dumps({"state_dir": str(path.parent), "zone": "UTC"}))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        age(db, story.ward.clock.now_ms + 500 * DAY_MS)
        assert db.execute("SELECT count(*) FROM events").fetchone() == (0,)
    with pytest.raises(CannotRun, match="its windows were deleted, since they were too old"):
        say("storage", "night", BED, NIGHT, tmp_path / "night.jsonl")


def test_without_the_state_of_its_noon_a_night_is_written_but_not_replayed(
    say: Say, tmp_path: Path, story: NightStory, config: Path
) -> None:
    """So it is with a night in which an older legwatch was brought up to date."""
    path = _copy(story, tmp_path)
    config.write_text(dumps({"state_dir": str(path.parent), "zone": "UTC"}))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM noons")
    said, _ = say("storage", "night", BED, NIGHT, tmp_path / "night.jsonl")
    assert "It cannot be replayed as it was lived: the state at its noon was not kept." in said
    out, aside = say("replay", tmp_path / "night.jsonl", code=2)
    assert out == ""
    assert aside.endswith(
        "night.jsonl: this night cannot be replayed as it was lived: the state at its noon was not"
        " kept\n"
    )


def _copy(story: NightStory, folder: Path) -> Path:
    """Return a copy of the store in a folder of its own."""
    path = folder / "copy" / story.ward.path.name
    path.parent.mkdir()
    with (
        closing(sqlite3.connect(story.ward.path)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)
    return path
