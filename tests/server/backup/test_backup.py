"""`legwatch backup` and `legwatch restore`: whole, or nothing was changed, in one sentence."""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_runtime.state_dir import locked
from legwatch_server.backup import age, archive, restoring
from legwatch_server.backup.content import NAMES, STORE
from legwatch_server.in_force import LOCK
from legwatch_server.settings_file import read
from legwatch_server.store import snapshot, upgrade
from legwatch_server.testing import InProcessServer
from server.ward import BEGIN

WORDS = "correct horse battery"
SECRET = "LEGWATCH_NTFY_TOKEN=tk_verysecrettoken\n"


class Home(NamedTuple):
    """A server's folders, with settings, a database, changes and keys."""

    folder: Path
    file: Path
    state: Path

    def backup(self, *words: str, to: str = "b.tar") -> Path:
        made = self.folder / to
        assert legwatch(["backup", str(made), "--config", str(self.file), *words]) == 0
        return made

    def files(self) -> Mapping[str, bytes]:
        """Return all that is there, but for locks and what SQLite makes while it looks."""
        ends = (".lock", "-wal", "-shm")
        found = (file for file in self.folder.rglob("*") if file.is_file())
        return {str(f): f.read_bytes() for f in found if not f.name.endswith(ends)}


@pytest.fixture(autouse=True)
def _little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "WORK", 4)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "old"
    state = folder / "state"
    state.mkdir(parents=True)
    file = folder / "server.toml"
    file.write_text(f'state_dir = "{state}"\nzone = "UTC"\n[people.anna]\nchannels = ["console"]\n')
    (folder / "secrets.env").write_text(SECRET)
    InProcessServer(state, read(file), begin_ms=BEGIN).close()
    (state / "answer.key").write_bytes(b"k" * 32)
    assert legwatch(["settings", "--config", str(file), "set", "escalation.next_min", "7"]) == 0
    return Home(folder, file, state)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(f"{WORDS}\n")
    return file


def rows(database: Path) -> list[object]:
    with closing(sqlite3.connect(database)) as db:
        tables = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return [(name, db.execute(f"SELECT * FROM {name}").fetchall()) for name in sorted(tables)]


def restored(backup: Path, to: Path, *words: str) -> int:
    settings, state = to / "settings", to / "state"
    settings.mkdir(parents=True, exist_ok=True)
    return legwatch(
        ["restore", str(backup), "--settings", str(settings), "--state", str(state), *words]
    )


def test_what_was_backed_up_is_there_again(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = home.backup()
    said = capsys.readouterr().out
    assert "It was opened again and is whole." in said
    assert "not sealed: whoever has it can read it" in said
    assert "In it: server.toml, changes.toml, legwatch.db; no keys and no secrets." in said
    assert restored(made, tmp_path / "new") == 0
    new = tmp_path / "new"
    assert (new / "settings" / "server.toml").read_bytes() == home.file.read_bytes()
    assert rows(new / "state" / "legwatch.db") == rows(home.state / "legwatch.db")
    assert not (new / "state" / "answer.key").exists()
    assert "No keys were in it" in capsys.readouterr().out
    for file in (made, *new.rglob("*")):
        assert not file.is_file() or not file.stat().st_mode & 0o077


def test_a_house_of_one_command_is_told_how_to_start_it(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only with the files that were in the backup."""
    made = changed(home.backup(), listed(of_up=True), tmp_path / "up.tar")
    assert restored(made, tmp_path / "new") == 0
    said = capsys.readouterr().out
    file, state = tmp_path / "new/settings/server.toml", tmp_path / "new/state"
    assert f"`scripts/run --config {file} --state {state}`" in said
    assert (tmp_path / "new" / "state" / "server" / "legwatch.db").exists()


def test_keys_come_along_if_they_are_asked_for(home: Home, tmp_path: Path, words: Path) -> None:
    sealed = ("--encrypt", "--passphrase-file", str(words))
    made = home.backup("--keys", *sealed, to="b.age")
    raw = made.read_bytes()
    for open_word in (b"anna", b"verysecret", b"SQLite", b"server.toml"):
        assert open_word not in raw
    assert restored(made, tmp_path / "new", "--passphrase-file", str(words)) == 0
    new = tmp_path / "new"
    assert (new / "state" / "answer.key").read_bytes() == b"k" * 32
    assert (new / "settings" / "secrets.env").read_text() == SECRET


def test_a_backup_is_listed_without_a_change(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = home.backup()
    capsys.readouterr()
    assert restored(made, tmp_path / "new", "--list") == 0
    said = capsys.readouterr().out
    assert f"{tmp_path}/new/settings/server.toml" in said
    assert f"{tmp_path}/new/state/legwatch.db" in said
    assert not (tmp_path / "new" / "state").exists()


def refused(home: Home, backup: Path, *words: str) -> str:
    """Try to put a backup over what is there; return why not. All is as before."""
    before = home.files()
    to = ["--settings", str(home.folder), "--state", str(home.state), *words]
    done = subprocess.run(
        [sys.executable, "-m", "legwatch", "restore", str(backup), *to],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1, done
    assert home.files() == before
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.slow
def test_what_cannot_be_put_back_changes_nothing(home: Home, tmp_path: Path, words: Path) -> None:
    made = home.backup()
    sealed = home.backup("--encrypt", "--passphrase-file", str(words), to="b.age")
    other = tmp_path / "other"
    other.write_text("another passphrase")
    torn = tmp_path / "torn.tar"
    torn.write_bytes(made.read_bytes()[:-150_000])
    night = tmp_path / "night.csv"
    night.write_text("time,channel,value\n" * 1000)
    replace = ("--replace",)
    assert "no such file or directory" in refused(home, tmp_path / "none", *replace).lower()
    assert "b.tar: whole" not in refused(home, torn, *replace)
    assert "it is no backup, or its head is damaged" in refused(home, night, *replace)
    wrong = refused(home, sealed, *replace, "--passphrase-file", str(other))
    assert "the passphrase is not the one of this file; nothing was changed" in wrong
    assert "name it with --passphrase-file or LEGWATCH_BACKUP" in refused(home, sealed, *replace)
    with locked(home.state, LOCK):
        assert "a server runs with" in refused(home, made, *replace)


def changed(backup: Path, change: Callable[[dict[str, bytes]], None], to: Path) -> Path:
    """Write a backup anew, with other files in it, as no legwatch writes it."""
    with tarfile.open(backup) as tar:
        files = {one.name: (tar.extractfile(one) or io.BytesIO()).read() for one in tar}
    change(files)
    with tarfile.open(to, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return to


def table(files: dict[str, bytes]) -> dict[str, object]:
    found: dict[str, object] = json.loads(files[archive.MANIFEST])
    return found


def listed(**more: object) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[archive.MANIFEST] = json.dumps(table(files) | more).encode()

    return change


def outside(files: dict[str, bytes]) -> None:
    """Lead out of the folder, with a list and a sum that agree."""
    name = "settings/../../../evil"
    files[name] = files["settings/server.toml"]
    known = table(files)["files"]
    assert isinstance(known, dict)
    listed(files=known | {name: known["settings/server.toml"]})(files)


def lacks(files: dict[str, bytes]) -> None:
    del files[STORE]


def other_bytes(files: dict[str, bytes]) -> None:
    files[STORE] = files[STORE][:5000] + b"x" + files[STORE][5001:]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (listed(form=2), "is of a newer legwatch"),
        (listed(schema=upgrade.VERSION + 1), "is of a newer legwatch"),
        (listed(files=3), "its list is damaged"),
        (outside, "files that no legwatch has put there"),
        (lacks, "is missing in it"),
        (other_bytes, "is damaged"),
    ],
)
def test_what_no_backup_holds_is_refused(
    home: Home,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, bytes]], None],
    why: str,
) -> None:
    made = changed(home.backup(), change, tmp_path / "changed.tar")
    assert restored(made, tmp_path / "new") == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / "new" / "state").exists()
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_file_is_refused_or_gives_back_what_was_in_it(
    home: Home, tmp_path: Path, seed: int
) -> None:
    import random  # noqa: PLC0415 - only here

    chance = random.Random(seed)
    raw = bytearray(home.backup().read_bytes())
    at = chance.randrange(len(raw))
    if seed % 2:
        raw[at] ^= 1 << chance.randrange(8)
    else:
        del raw[at:]
    torn = tmp_path / "torn.tar"
    torn.write_bytes(raw)
    if restored(torn, tmp_path / "new") == 0:  # the place was in the filling of the tar
        assert rows(tmp_path / "new" / "state" / "legwatch.db") == rows(home.state / "legwatch.db")
    else:
        assert not list((tmp_path / "new").rglob("*.db*"))


def test_what_is_replaced_stays_beside(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = home.backup()
    home.file.write_text(f"{home.file.read_text()}# edited since\n")
    capsys.readouterr()
    at = ("--settings", str(home.folder), "--state", str(home.state))
    assert legwatch(["restore", str(made), *at]) == 1
    assert "--replace puts that aside under another name" in capsys.readouterr().err
    assert legwatch(["restore", str(made), *at, "--replace"]) == 0
    assert "# edited since" not in home.file.read_text()
    (aside,) = home.folder.glob("server.toml.before-*")
    assert "# edited since" in aside.read_text()
    asides = [file.name for file in home.state.glob("legwatch.db.before-*")]
    assert len([name for name in asides if not name.endswith(("-wal", "-shm"))]) == 1
    InProcessServer(home.state, read(home.file), begin_ms=BEGIN).close()


@pytest.mark.parametrize("fails_at", range(1, 7))
def test_a_fault_in_the_last_step_is_taken_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    made = home.backup("--keys")
    before, rename, count = home.files(), restoring._rename, [0]

    def failing(from_: Path, to: Path) -> None:
        count[0] += 1
        if count[0] == fails_at:
            raise OSError(28, "No space left on device")
        rename(from_, to)

    monkeypatch.setattr(restoring, "_rename", failing)
    at = ("--settings", str(home.folder), "--state", str(home.state), "--replace")
    assert legwatch(["restore", str(made), *at]) == 1
    assert home.files() == before


@pytest.fixture
def busy(home: Home) -> Iterator[Path]:
    """Let another connection write all the time, as a server does."""
    database, stop = home.state / "legwatch.db", threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("CREATE TABLE pairs (id INTEGER PRIMARY KEY, one BLOB, other BLOB)")
            while not stop.is_set():
                part = os.urandom(4000)
                db.execute("INSERT INTO pairs (one, other) VALUES (?, ?)", (part, part))

    writer = threading.Thread(target=write)
    writer.start()
    yield database
    stop.set()
    writer.join()


def test_a_backup_under_load_is_of_one_moment(
    home: Home, busy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_PAGES", 5)
    time.sleep(0.3)
    made = home.backup()
    with tarfile.open(made) as tar:
        tar.extract(STORE, home.folder / "out", filter="data")
    with closing(sqlite3.connect(home.folder / "out" / STORE)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ((rows_, highest, unequal),) = db.execute(
            "SELECT count(*), max(id), sum(one != other) FROM pairs"
        ).fetchall()
    assert rows_ == highest > 0
    assert unequal == 0


@pytest.mark.slow
def test_a_backup_that_is_killed_leaves_no_half_of_one(home: Home) -> None:
    with closing(sqlite3.connect(home.state / "legwatch.db")) as db, db:
        db.execute("CREATE TABLE much AS SELECT randomblob(30000000) AS data")
    words = [sys.executable, "-m", "legwatch", "backup", "b.tar", "--config", str(home.file)]
    for wait_s in (0.15, 0.25, 0.35, 0.45, 0.6):
        process = subprocess.Popen(words, cwd=home.folder, stdout=subprocess.DEVNULL)
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (home.folder / "b.tar").exists():
            with tarfile.open(home.folder / "b.tar") as tar:
                assert {one.name for one in tar} <= {*NAMES, archive.MANIFEST}
            (home.folder / "b.tar").unlink()
    assert home.backup().stat().st_size > 30_000_000
    assert not [
        file for file in home.folder.iterdir() if ".part" in file.name or ".copy" in file.name
    ]


def test_a_disk_without_room_is_said(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    little = shutil.disk_usage(home.folder)._replace(free=30 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    assert legwatch(["backup", str(home.folder / "b.tar"), "--config", str(home.file)]) == 1
    assert "too little room for a backup" in capsys.readouterr().err
    assert not (home.folder / "b.tar").exists()


@pytest.mark.parametrize(
    ("at", "words", "why"),
    [
        ("none/b.tar", (), "is no folder: make it first"),
        ("state", (), "is a folder: name a file in it"),
        ("server.toml", (), "is there already"),
        ("b.tar", ("--encrypt", "--passphrase-file", "short"), "at least 8 characters"),
        ("b.tar", ("--encrypt", "--passphrase-file", "nowhere"), "cannot be read"),
        ("b.tar", ("--encrypt",), "name it with --passphrase-file"),
    ],
)
def test_a_backup_that_cannot_be_made_says_what_to_do(
    home: Home,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    words: tuple[str, ...],
    why: str,
) -> None:
    monkeypatch.chdir(home.folder)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    Path("short").write_text("abc")
    assert legwatch(["backup", at, "--config", str(home.file), *words]) in (1, 2)
    assert why in capsys.readouterr().err


def test_without_the_package_that_seals_it_says_how_to_get_it(
    home: Home,
    words: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a 32-bit Pi; without `--encrypt` nothing of it is needed."""
    sealed = home.backup("--encrypt", "--passphrase-file", str(words), to="b.age")
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.delitem(sys.modules, "legwatch_server.backup.age")
    home.backup()
    capsys.readouterr()
    at = ["--config", str(home.file), "--encrypt", "--passphrase-file", str(words)]
    assert legwatch(["backup", str(home.folder / "c.age"), *at]) == 1
    assert "-m pip install cryptography" in capsys.readouterr().err
    assert legwatch(["restore", str(sealed), "--list", "--passphrase-file", str(words)]) == 1
    assert "-m pip install cryptography" in capsys.readouterr().err
    assert not (home.folder / "c.age").exists()
