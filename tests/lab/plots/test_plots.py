"""`legwatch replay --plot`: the picture of a night as a file."""

import struct
import sys
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.testing import uncovering as cooling
from legwatch_runtime.night_file import is_night_file
from truthful import bare, save

Said = pytest.CaptureFixture[str]


def size(picture: Path) -> tuple[int, int]:
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert head[12:16] == b"IHDR"
    wide, high = struct.unpack(">II", head[16:24])
    return wide, high


def night(folder: Path, name: str = "night") -> Path:
    fault = {"sensor": "leg", "what": "silent", "from": 300, "to": 400}
    save(
        folder,
        name,
        leg=lambda m: None if 300 <= m < 400 else cooling((120, 200), uncovered_c=23)(m),
        moves=lambda m: None if 250 <= m < 260 else int(m % 20 == 0),
        mat=lambda m: int(20 <= m < 460),
        uncovered=(bare(120, 200, "one_leg", "far"),),
        faults=(fault,),
    )
    return folder / f"{name}.csv"


def test_a_night_becomes_a_picture_and_the_truth_beside_it_is_drawn(
    tmp_path: Path, capsys: Said
) -> None:
    file = night(tmp_path)
    told, plain = tmp_path / "told.png", tmp_path / "plain.png"
    assert legwatch(["replay", str(file), "--plot", str(told)]) == 0
    out, err = capsys.readouterr()
    assert "notices" in out
    assert err == f"night.csv: picture in {told}\n"
    assert size(told) == (1400, 800)
    (tmp_path / "night.truth.json").unlink()
    assert legwatch(["replay", str(file), "--plot", str(plain)]) == 0
    assert size(plain) == (1400, 800)
    assert plain.read_bytes() != told.read_bytes()


def test_several_files_and_several_nights_have_their_names_put_in(
    tmp_path: Path, capsys: Said
) -> None:
    one, other = night(tmp_path, "one"), night(tmp_path, "other")
    (tmp_path / "other.truth.json").unlink()
    later = [line.replace("2026-01-0", "2026-02-0") for line in other.read_text().splitlines()[1:]]
    other.write_text("\n".join([other.read_text().rstrip(), *later]))
    target = str(tmp_path / "p.png")
    assert legwatch(["replay", str(one), str(other), "--plot", target, "--format", "jsonl"]) == 0
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        "p-one.png",
        "p-other-2026-01-02.png",
        "p-other-2026-02-02.png",
    ]


def test_a_recording_without_a_known_channel_gives_no_picture(tmp_path: Path) -> None:
    file = tmp_path / "night.csv"
    file.write_text("time,channel,value\n2026-01-01T00:00:00Z,light,4\n")
    assert legwatch(["replay", str(file), "--plot", str(tmp_path / "p.png")]) == 2
    assert list(tmp_path.glob("*.png")) == []


@pytest.mark.parametrize(("target", "code"), [("p.jpg", 2), ("none/p.png", 1)])
def test_a_place_for_no_picture_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, target: str, code: int
) -> None:
    words = ["replay", str(night(tmp_path)), "--plot", str(tmp_path / target)]
    assert legwatch(words) == code
    assert capsys.readouterr().err.count("\n") == 1


def test_nights_that_a_server_has_stored_are_refused_before_an_extra_is_asked_for(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    stored = tmp_path / "stored.jsonl"
    stored.write_text('{"legwatch_night": 1}\n')
    assert is_night_file(stored)
    words = ["replay", str(stored), "--plot", str(tmp_path / "p.png")]
    assert legwatch(words) == 2
    assert "it draws recordings, and no nights of `legwatch storage`" in capsys.readouterr().err


def test_a_missing_extra_is_answered_in_one_line(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert legwatch(["replay", str(night(tmp_path)), "--plot", str(tmp_path / "p.png")]) == 1
    assert f"{sys.executable} -m pip install 'legwatch[plot]'" in capsys.readouterr().err
