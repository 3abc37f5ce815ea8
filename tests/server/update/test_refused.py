"""What is no release, or does not fit here, is refused in a sentence, and nothing changes."""

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_server.cli import updating
from legwatch_server.update import following, release
from server.update.installation import Installation, content, pack
from server.update.installation import release as release_of


@pytest.fixture
def at(here: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(updating, "here", lambda: here.places)
    monkeypatch.setenv("PATH", here.env()["PATH"])
    return here


def said(capsys: pytest.CaptureFixture[str], *words: object, code: int = 1) -> str:
    assert legwatch(["update", *map(str, words)]) == code
    return capsys.readouterr().err


def without(name: str) -> dict[str, str]:
    files = content("0.2.0")
    del files[name]
    return files


def odd(name: str, kind: bytes = tarfile.REGTYPE, leads: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, leads
    return member


def torn(file: Path) -> None:
    pack(file, content("0.2.0"))
    file.write_bytes(file.read_bytes()[:-40])


def changed(file: Path) -> None:
    """Change one bit behind the head of the first member."""
    pack(file, content("0.2.0"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def summed_wrongly(file: Path) -> None:
    pack(file, content("0.2.0"))
    (file.parent / "SHA256SUMS").write_text(f"{'0' * 64}  {file.name}\n")


def member(one: tarfile.TarInfo) -> Callable[[Path], object]:
    return lambda file: pack(file, {**content("0.2.0"), "odd": one})


TOP = "legwatch-0.2.0"
FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "none": (lambda _file: None, "is not there, or is no file"),
    "folder": (Path.mkdir, "is not there, or is no file"),
    "no archive": (lambda file: file.write_text("no archive"), "is damaged, or not whole"),
    "empty": (lambda file: file.write_text(""), "is damaged, or not whole"),
    "torn": (torn, "is damaged, or not whole"),
    "changed": (changed, "is damaged, or not whole"),
    "another sum": (summed_wrongly, "has another sum than SHA256SUMS says"),
    "leads up": (member(odd(f"{TOP}/../../etc/passwd")), "a file outside of legwatch-0.2.0/"),
    "absolute": (member(odd("/etc/passwd")), "a file outside of legwatch-0.2.0/: '/etc/passwd'"),
    "beside": (member(odd("legwatch-0.3.0/x")), "a file outside of legwatch-0.2.0/"),
    "link": (
        member(odd(f"{TOP}/core", tarfile.SYMTYPE, "/etc")),
        "something that is no file and no folder: 'legwatch-0.2.0/core'",
    ),
    "hard link": (member(odd(f"{TOP}/x", tarfile.LNKTYPE, "/etc/shadow")), "no file and no folder"),
    "device": (member(odd(f"{TOP}/x", tarfile.CHRTYPE)), "no file and no folder"),
    "twice": (member(odd(f"{TOP}/slow")), "it has 'slow' twice"),
    "escapes": (member(odd(f"{TOP}/../\x1b[2J")), "'legwatch-0.2.0/../?[2J'"),
    "no installer": (
        lambda file: pack(file, without("deploy/install.sh")),
        "is no release of legwatch",
    ),
    "another name": (
        lambda file: pack(file, {**content("0.2.0"), "PKG-INFO": "Name: other\nVersion: 0.2.0\n"}),
        "is no release of legwatch",
    ),
    "another version": (
        lambda file: pack(file, content("0.3.0"), TOP),
        "what is in it is not version 0.2.0",
    ),
    "newer Python": (
        lambda file: pack(
            file,
            {
                **content("0.2.0"),
                "PKG-INFO": "Name: legwatch\nVersion: 0.2.0\nRequires-Python: >=3.99\n",
            },
        ),
        "legwatch 0.2.0 needs Python 3.99 or newer; here is 3.",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_wrong_file_is_refused_and_nothing_changes(
    kind: str, at: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = FILES[kind]
    file, before, asked = tmp_path / f"{TOP}.tar.gz", at.program(), at.asked
    make(file)
    assert words in said(capsys, file)
    assert (at.program(), at.asked, at.rests()) == (before, asked, [])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("legwatch-0.2.0-py3-none-any.whl", "no installer: give me legwatch-0.2.0.tar.gz"),
        ("legwatch-0.2.tar.gz", "is not called like a release"),
        ("other-0.2.0.tar.gz", "is not called like a release"),
    ],
)
def test_another_name_is_refused(
    name: str, words: str, at: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in said(capsys, at.root / name)


def test_what_no_release_is_as_large_as_is_refused(
    at: Installation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release, "MOST_FILES", 3)
    assert "larger than any release" in said(capsys, release_of(tmp_path, "0.2.0"))


def test_an_older_version_is_refused_unless_it_is_asked_for(
    at: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = release_of(tmp_path, "0.0.9")
    assert "legwatch 0.1.0 is installed, and 0.0.9 is older: --older" in said(capsys, file)
    assert legwatch(["update", str(file), "--older", "--check"]) == 0


def test_the_same_version_may_be_installed_again(at: Installation, tmp_path: Path) -> None:
    assert legwatch(["update", str(release_of(tmp_path, "0.1.0")), "--check"]) == 0


def test_an_older_version_that_cannot_read_the_database_is_refused(
    at: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = release_of(tmp_path, "0.0.9", tables=2)
    words = "legwatch 0.0.9 cannot read the database of now, and there is no older copy"
    assert words in said(capsys, file, "--older")


def test_without_room_nothing_is_changed(
    at: Installation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=100_000_000))
    before = at.program()
    err = said(capsys, release_of(tmp_path, "0.2.0"))
    assert "has too little room: " in err
    assert "and 100 MB are free. Nothing was changed\n" in err
    assert (at.program(), at.rests()) == (before, [])


def test_two_updates_at_once_are_refused(
    at: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with following.alone(at.places):
        file = release_of(tmp_path, "0.2.0")
        assert "another update is under way" in said(capsys, file)
        assert "an update is under way" in said(capsys, file, "--check")


@pytest.mark.parametrize("gone", ["unit", "program"])
def test_what_the_installer_has_not_installed_is_not_updated(
    gone: str, at: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if gone == "unit":
        at.places.unit.write_text("[Unit]\n")
    else:
        shutil.rmtree(at.places.program)
    words = "`sudo deploy/install.sh` has installed no legwatch here"
    assert words in said(capsys, release_of(tmp_path, "0.2.0"))


@pytest.mark.parametrize(
    "words", [[], ["x.tar.gz", "--version", "0.2.0"], ["--version", "2"], ["x", "--within", "0"]]
)
def test_wrong_words_are_refused(
    words: list[str], at: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        legwatch(["update", *words])
    assert end.value.code == 2
    assert "usage: legwatch update" in capsys.readouterr().err
