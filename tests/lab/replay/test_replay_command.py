"""`legwatch replay` as a user meets it."""

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.alerting.notice import Notice, Sounding, SuppressedBy, TransitionKind, as_json
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.recording import events, parse
from legwatch.testing import night, recording_lines, uncovering, wobbling
from legwatch.text.message import text
from legwatch_lab.replay import table
from repository import rules

Said = pytest.CaptureFixture[str]


def save(
    path: Path,
    *,
    cold: bool = True,
    packed: bool = False,
    naive: bool = False,
    bare_c: float = 25.0,
    until: int = 150,
) -> Path:
    leg = uncovering((120, until), uncovered_c=bare_c) if cold else wobbling(31)
    lines = recording_lines(night(leg=leg, minutes=300), zone=not naive)
    raw = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    return path


NO_SIGNS = ("--set", "warmth.early_s=0")  # early signs have tests of their own


def jsonl(said: Said, *words: str) -> list[dict[str, object]]:
    assert legwatch(["replay", "--format", "jsonl", *NO_SIGNS, *words]) == 0
    return [json.loads(line) for line in said.readouterr().out.splitlines()]


def test_a_night_gives_its_notices_packed_or_plain(tmp_path: Path, capsys: Said) -> None:
    plain, packed = save(tmp_path / "a.csv"), save(tmp_path / "b", packed=True)
    notices = jsonl(capsys, str(plain), "--bed", "anna")
    said = [(n["kind"], n["what"], n.get("held"), n["sounds"]) for n in notices]
    assert said == [
        ("cold", "fired", "waiting", "not_yet"),
        ("cold", "repeated", None, "first"),
        ("cold", "warming", None, "no"),
        ("cold", "resolved", None, "no"),
    ]
    assert {n["bed"] for n in notices} == {"anna"}
    assert "file" not in notices[0]
    assert jsonl(capsys, str(packed), "--bed", "anna") == notices


def test_several_files_are_several_nights(tmp_path: Path, capsys: Said) -> None:
    files = [str(save(tmp_path / name)) for name in ("a.csv", "b.csv")]
    notices = jsonl(capsys, *files)
    assert [n["file"] for n in notices] == ["a.csv"] * 4 + ["b.csv"] * 4
    assert [n["at"] for n in notices[:4]] == [n["at"] for n in notices[4:]]


def test_other_rules_give_another_night(tmp_path: Path, capsys: Said) -> None:
    file = str(save(tmp_path / "a.csv"))
    strict = jsonl(capsys, file)
    limits = (
        "warmth.warn_c=24",
        "warmth.plain_c=22",
        "warmth.urgent_c=20",
        "warmth.contrast_k=0.1",
        "warmth.change_share=0.9",
        "warmth.change_sure=1",
        "warmth.early_s=0",
    )
    lax = jsonl(capsys, file, *(word for limit in limits for word in ("--set", limit)))
    assert strict
    assert lax == []


def test_naive_times_take_the_zone(tmp_path: Path, capsys: Said) -> None:
    file = str(save(tmp_path / "a.csv", naive=True))
    utc, tokyo = jsonl(capsys, file), jsonl(capsys, file, "--tz", "Asia/Tokyo")
    apart = [datetime.fromisoformat(str(night[0]["at"])) for night in (utc, tokyo)]
    assert apart[0] - apart[1] == timedelta(hours=9)


def test_the_table_speaks_local_time_and_sums_up(tmp_path: Path, capsys: Said) -> None:
    file = save(tmp_path / "a.csv")
    assert legwatch(["replay", str(file), "--tz", "Europe/Berlin", *NO_SIGNS]) == 0
    head, *rows, tail = capsys.readouterr().out.splitlines()
    assert head.startswith("time (Berlin)     kind")
    assert rows[0].startswith("2026-01-03 00:")
    assert rows[0].split()[2:5] == ["cold", "fired", "warning"]
    assert "1800 windows" in tail
    assert "4 notices" in tail


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "time (UTC)"),
        (("--tz", "America/New_York"), "time (New York)"),
        (("--tz", "America/Argentina/Buenos_Aires"), "Buenos Aires"),
    ],
)
def test_the_table_says_in_whose_time_it_is(
    words: tuple[str, ...], named: str, tmp_path: Path, capsys: Said
) -> None:
    """The file may say its times with another offset."""
    assert legwatch(["replay", str(save(tmp_path / "a.csv")), *words]) == 0
    head, row = capsys.readouterr().out.splitlines()[:2]
    assert head[: head.index("kind")].rstrip() == named
    assert head.index("kind") == row.index("cold")


def test_the_table_tells_the_first_sign_the_first_sound_and_the_next_apart(
    tmp_path: Path, capsys: Said
) -> None:
    file = save(tmp_path / "a.csv", bare_c=20.5, until=240)
    assert legwatch(["replay", str(file), *NO_SIGNS]) == 0
    head, *rows, _ = capsys.readouterr().out.splitlines()
    place = head.index("sounds")
    # One line a notice, and each word below the name of its column, however long the one before.
    assert {row[place - 2 : place] for row in rows} == {"  "}
    assert {row.index("The air by your legs") for row in rows} == {head.index("text")}
    cold = [(row.split()[3], row[place:].split()[0]) for row in rows if " cold " in row]
    assert cold == [
        ("fired", "not_yet"),
        ("repeated", "first"),
        ("raised", "again"),
        ("repeated", "again"),
        ("warming", "no"),
        ("resolved", "no"),
    ]


def test_what_the_sounds_mean_is_in_the_help(capsys: Said) -> None:
    with pytest.raises(SystemExit):
        legwatch(["replay", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    told = told[told.index("The column `sounds`") :]
    assert [sounds for sounds in Sounding if f"{sounds.value} for " not in told] == []


def test_a_line_is_what_a_server_stores_and_how_it_sounds_and_of_which_night(
    tmp_path: Path, capsys: Said
) -> None:
    file = save(tmp_path / "a.csv")
    with file.open() as lines:
        notices = replay(events(parse(lines, zone=UTC)), rules(zone="UTC"))
        stored = [as_json(n, bed="bed", text=text(n)) for n in notices]
    whole = [list(json.loads(line).items()) for line in stored]
    sounds = [("sounds", word) for word in ("not_yet", "first", "no", "no")]
    one = [[*had, more] for had, more in zip(whole, sounds, strict=True)]
    assert [list(line.items()) for line in jsonl(capsys, str(file))] == one
    both = [[*had, ("file", "a.csv")] for had in one * 2]
    assert [list(line.items()) for line in jsonl(capsys, str(file), str(file))] == both


@pytest.mark.parametrize("width", [60, 80, 109, 110, 200])
def test_on_a_terminal_the_texts_stay_in_its_width(tmp_path: Path, width: int) -> None:
    file = save(tmp_path / "a.csv")
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "legwatch", "replay", str(file), *NO_SIGNS],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "COLUMNS": str(width)},
        check=False,
        timeout=60,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # that is how a terminal without a writer ends
        while more := os.read(ours, 4096):
            shown += more
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, b"")
    head, *lines, tail = shown.decode().splitlines()
    fits = [line for line in lines if len(line) <= width]
    if width >= 110:  # the text beside its row, else below it
        assert fits == lines
        texts = [line[head.index("text") :] for line in lines]
    else:
        texts = [line[head.index("kind") :] for line in lines if line.startswith(" ")]
        assert [line for line in lines if line not in fits and line.startswith(" ")] == []
        assert len(lines) - len(texts) == 4
    assert "The cover may be off. Cover your legs." in " ".join(" ".join(texts).split())
    assert [text for text in texts if text.startswith("°C")] == []
    assert tail.endswith(": 4 notices")


def test_a_night_without_a_notice_says_so(tmp_path: Path, capsys: Said) -> None:
    assert legwatch(["replay", str(save(tmp_path / "a.csv", cold=False))]) == 0
    assert capsys.readouterr().out.endswith(": 0 notices\n")


def test_unused_channels_and_refused_lines_are_told_aside(tmp_path: Path, capsys: Said) -> None:
    file = tmp_path / "a.csv"
    lines = [
        "time,channel,value",
        "2026-01-01T00:00:00Z,light,4",
        "2026-01-01T00:00:00Z,movement,x",
        "2026-01-01T00:00:00Z,movement,1",
    ]
    file.write_text("\n".join(lines))
    assert legwatch(["replay", str(file), "--format", "jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "light (1)" in err
    assert "1 line refused, first line 3" in err
    assert err.count("\n") == 2


def test_a_renamed_channel_is_used(tmp_path: Path, capsys: Said) -> None:
    file = save(tmp_path / "a.csv")
    file.write_text(file.read_text().replace("leg_temperature_c", "t"))
    assert jsonl(capsys, str(file)) == []
    assert len(jsonl(capsys, str(file), "--map", "t=leg_temperature_c")) == 4


@pytest.mark.parametrize(
    ("maps", "why"),
    [
        (("t=leg_temperature_c", "t=room_temperature_c"), "the column 't' is given twice"),
        (
            ("t=leg_temperature_c", "old=leg_temperature_c"),
            "'t' and 'old' would both be leg_temperature_c",
        ),
        (
            ("t=room_temperature_c",),
            "'t' and 'room_temperature_c' would both be room_temperature_c",
        ),
        (("oxygen=leg_temperature_c",), "the file has no column 'oxygen'"),
    ],
)
def test_a_map_that_loses_or_mixes_channels_is_refused_with_the_columns(
    tmp_path: Path, capsys: Said, maps: tuple[str, ...], why: str
) -> None:
    file = save(tmp_path / "a.csv")
    head, _, rest = file.read_text().replace("leg_temperature_c", "t").partition("\n")
    room = "2026-01-01T00:00:00Z,room_temperature_c,18"
    file.write_text(f"{head}\n{room}\n2026-01-01T00:00:00Z,old,31\n{rest}")
    words = [word for one in maps for word in ("--map", one)]
    assert legwatch(["replay", str(file), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert why in err
    assert err.count("\n") == 1
    assert err.rstrip().endswith(
        "columns of the file: in_bed, movement, old, room_temperature_c, t"
    )


def test_channels_of_a_file_may_change_their_places(tmp_path: Path, capsys: Said) -> None:
    file = save(tmp_path / "a.csv")
    text = file.read_text() + "2026-01-01T00:00:00Z,room_temperature_c,18\n"
    swapped = text.replace("leg_t", "x").replace("room_t", "leg_t").replace("x", "room_t")
    file.write_text(text)
    notices = jsonl(capsys, str(file))
    file.write_text(swapped)
    maps = ("leg_temperature_c=room_temperature_c", "room_temperature_c=leg_temperature_c")
    words = [word for one in maps for word in ("--map", one)]
    assert jsonl(capsys, str(file)) != notices
    assert jsonl(capsys, str(file), *words) == notices


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(256))),
        ("cut.csv.gz", gzip.compress(b"time,channel,value\n" * 999, mtime=0)[:-12]),
        ("bent.csv.gz", b"\x1f\x8b" + bytes(60)),
        ("two_bytes_a_letter.csv", "time,channel,value\n".encode("utf-16")),
        ("degrees.csv", "time,channel,value\n2026-01-01,Leg °C,31\n".encode("latin-1")),
    ],
)
def test_a_file_that_is_no_night_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, name: str, content: bytes | None
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    assert legwatch(["replay", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert name in err
    assert err.count("\n") == 1


def test_a_folder_is_not_a_night(tmp_path: Path, capsys: Said) -> None:
    assert legwatch(["replay", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--tz", "Mars/Olympus"),
        ("--tz", "../etc/passwd"),
        ("--profile", "brave"),
        ("--set", "warmth.warn_c"),
        ("--set", "warmth.warn_c=warm"),
        ("--set", "warmth.warn_c=99"),
        ("--set", "warmth.warn_c=nan"),
        ("--map", "old"),
        ("--map", "old="),
        ("--bed", "Not A Bed"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, words: tuple[str, str]
) -> None:
    file = save(tmp_path / "a.csv", cold=False)
    assert legwatch(["replay", str(file), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


TIMES = ("ISO 8601, such as 2026-", "--tz ZONE")
NOTHING_READ = {
    "epoch": (["1767666600000,in_bed,1", "1767666603000,leg_temperature_c,31.2"], TIMES),
    "epoch in seconds": (["1767666600,in_bed,1", "1767666603.5,movement,1"], TIMES),
    "day first": (["06/01/2026 02:30:00,in_bed,1", "16/01/2026 02:30:03,movement,0"], TIMES),
    "a zone by name": (["2026-01-06 02:30:00 CET,in_bed,1"], TIMES),
    "other channels": (
        ["2026-01-06T02:30:00Z,sensor.bed_leg,31.2", "2026-01-06T02:30:00Z,sensor.room,18"],
        ("sensor.bed_leg (1), sensor.room (1)", "--map OLD=NEW", "leg_temperature_c, "),
    ),
    "out of range": (
        ["2026-01-06T02:30:00Z,leg_temperature_c,314"],
        ("leg_temperature_c 314 is outside -55 to 125", "a plain number such as 31.5: °C"),
    ),
    "words": (["2026-01-06T02:30:00Z,in_bed,off"], ("in_bed 'off' is not a number", "0 or 1")),
    "two columns": (["2026-01-06T02:30:00Z,31.2"], ("line 2: '2026-01-06T02:30:00Z,31.2' is not",)),
    "of each sort": (
        ["2026-01-06T02:30:00Z,light,4", "6.1.2026,movement,1", "2026-01-06T02:30:00Z,movement,-1"],
        ("2 lines refused, first line 3", "--map OLD=NEW", *TIMES, "a plain number such as 31.5"),
    ),
    "a header alone": ([], ("there is no line after the header",)),
    "blank lines": (["", ""], ("there is no line after the header",)),
}


@pytest.mark.parametrize("form", ["table", "jsonl"])
@pytest.mark.parametrize("case", NOTHING_READ)
def test_a_file_of_which_nothing_was_read_is_a_fault_and_is_shown(
    tmp_path: Path, capsys: Said, case: str, form: str
) -> None:
    lines, wanted = NOTHING_READ[case]
    file = tmp_path / "a.csv"
    file.write_text("\n".join(["time,channel,value", *lines, ""]))
    assert legwatch(["replay", str(file), "--format", form]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{file}: nothing was read\n" in err
    assert "    " + "\n    ".join(["time,channel,value", *lines]) in err
    assert [words for words in wanted if words not in err] == []
    assert len(err.splitlines()) <= 12


@pytest.mark.parametrize("asked", [*TIMES, "--map OLD=NEW", "a plain number"])
def test_only_the_help_that_could_help_is_given(tmp_path: Path, capsys: Said, asked: str) -> None:
    """Each sentence stands where it belongs (above), and not where it does not."""
    file = tmp_path / "a.csv"
    file.write_text("time,channel,value\n2026-01-06T02:30:00Z,31.2\n")
    assert legwatch(["replay", str(file)]) == 2
    assert asked not in capsys.readouterr().err


@pytest.mark.parametrize(
    "lines",
    [
        ("entity_id,state,last_changed", "sensor.bed_leg,31.2,2026-01-06T02:30:00.000Z"),
        ("time;channel;value", "2026-01-06T02:30:00+00:00;leg_temperature_c;31,2"),
        ("Timestamp,Leg °C,Room °C,Vibration", "2026-01-06 02:00,31.2,17.6,1"),
        ("2026-01-06T02:30:00Z,leg_temperature_c,31.2", "2026-01-06T02:30:10Z,movement,1"),
        ("hello", "world"),
    ],
    ids=lambda lines: lines[0],
)
def test_a_wrong_header_is_told_with_the_right_one(
    tmp_path: Path, capsys: Said, lines: tuple[str, str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("\n".join(lines))
    assert legwatch(["replay", str(file), "--format", "jsonl"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"a.csv: the first line must be time,channel,value; it is '{lines[0]}'\n" in err
    assert f"    {lines[0]}\n    {lines[1]}\n" in err


@pytest.mark.parametrize(
    "line",
    [
        "\x1b[2J\x07,{bad},1",
        "2026-01-06T02:30:00Z,{bad},1",
        "2026-01-06T02:30:00Z,movement,{bad}",
        "2026-01-06T02:30:00Z,button,{bad}",
        "{bad}",
        "2999-01-01\x1b00:00:00Z,movement,1",
    ],
)
@pytest.mark.parametrize("header", ["time,channel,value", "time,\x1b[31m"])
def test_what_a_file_says_does_nothing_to_the_terminal(
    tmp_path: Path, capsys: Said, line: str, header: str
) -> None:
    bad = "\x1b[31mred\x9b2J\u202eder\x00" + "long" * 5000
    file = tmp_path / "a.csv"
    file.write_text(f"{header}\n{line.format(bad=bad)}\n")
    assert legwatch(["replay", str(file)]) == 2
    err = capsys.readouterr().err
    assert "\\x1b" in err
    assert [char for char in err if not char.isprintable() and char != "\n"] == []
    assert max(len(words) for words in err.splitlines()) < 200 + len(str(file))


def test_the_channels_of_a_file_of_other_columns_are_not_all_named(
    tmp_path: Path, capsys: Said
) -> None:
    file = tmp_path / "a.csv"
    lines = [f"2026-01-06T02:30:00Z,{20 + n / 100},room" for n in range(500)]
    file.write_text("\n".join(["time,channel,value", *lines, lines[7]]))
    assert legwatch(["replay", str(file)]) == 2
    named = capsys.readouterr().err.splitlines()[0]
    assert "20.07 (2)" in named
    assert named.endswith(" and 488 more")


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_the_other_nights_are_shown_and_the_bad_ones_named(
    tmp_path: Path, capsys: Said, form: str
) -> None:
    good, last = save(tmp_path / "good.csv"), save(tmp_path / "last.csv")
    other, cut = tmp_path / "other.csv", tmp_path / "cut.csv.gz"
    other.write_text("time,channel,value\n06/01/2026 02:30:00,in_bed,1\n")
    cut.write_bytes(gzip.compress(good.read_bytes())[:-50])
    files = [str(path) for path in (good, other, cut, tmp_path, last)]
    assert legwatch(["replay", *files, "--format", form, *NO_SIGNS]) == 2
    out, err = capsys.readouterr()
    assert len([line for line in out.splitlines() if "repeated" in line]) == 2
    assert "cut.csv.gz: cannot be read: the file is cut off" in err
    assert err.splitlines()[-1] == (
        f"legwatch replay: 3 of 5 files could not be read: other.csv, cut.csv.gz, {tmp_path.name}"
    )
    if form == "jsonl":
        nights = [json.loads(line)["file"] for line in out.splitlines()]
        assert nights == ["good.csv"] * 4 + ["last.csv"] * 4


CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"


@pytest.mark.parametrize(
    "name",
    [
        "epoch_ms.csv",
        "day_first.csv",
        "home_assistant_history.csv",
        "ha_history_reordered.csv.gz",
        "semicolon_comma.csv",
        "wide_table.csv",
    ],
)
def test_a_file_of_others_is_read_or_shown(capsys: Said, name: str) -> None:
    """Whether such files are read is another matter; in silence nothing may be left out."""
    file = CASES / name
    if not file.exists():
        pytest.skip(f"the case {name} is not on this machine")
    code = legwatch(["replay", str(file)])
    out, err = capsys.readouterr()
    if code == 0:
        assert " windows, " in out
    else:
        assert (code, out) == (2, "")
        assert len(err.split("  the file begins:\n", 1)[1].splitlines()) >= 4


def start(*words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "legwatch", "replay", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    files = [str(save(tmp_path / f"{i}.csv")) for i in range(2)] * 4
    with start(*files, "--format", "jsonl") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) in {0, 141, -signal.SIGPIPE}


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    fifo = tmp_path / "night.csv"
    os.mkfifo(fifo)
    with start(str(fifo)) as process:
        writer = fifo.open("wb")  # opens as soon as the command has begun to read
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        writer.close()
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_an_end_and_an_answer_say_to_whom_a_push_goes() -> None:
    def pushed(what: TransitionKind, by: SuppressedBy | None) -> str:
        one = Notice(0, AlertKind.COLD, what, Severity.WARNING, Reason.BACK, suppressed_by=by)
        column = table.head(UTC).index("pushed")
        return table.row(one, Sounding.NO, UTC, None)[column:].split("  ")[0]

    log, quiet = SuppressedBy.LOG_ONLY, SuppressedBy.SILENCED
    assert pushed(TransitionKind.RESOLVED, None) == "yes"
    assert pushed(TransitionKind.RESOLVED, quiet) == "yes"  # an end makes no sound
    assert pushed(TransitionKind.RESOLVED, log) == "no:log_only"  # nobody was told
    assert pushed(TransitionKind.RESOLVED, SuppressedBy.BUDGET) == "no:budget"
    assert pushed(TransitionKind.ACKNOWLEDGED, log) == "to others"
    assert pushed(TransitionKind.FIRED, quiet) == "no:snoozed"
