"""History's file of its position: whose it is, and what is said if it cannot be used."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch.errors import CannotRun
from legwatch_runtime.state_dir import locked
from legwatch_server.history.cursor import DURABLE_MS, Cursor, Position

of_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NOBODY = 65534
SERVICE = 1234  # the user of the server, who owns the folder


def save(path: Path) -> None:
    cursor = Cursor(path)
    cursor.confirm(Position(10, 1), 0)
    cursor.settle(DURABLE_MS)


@of_root
def test_what_root_exports_the_service_can_go_on_with(tmp_path: Path) -> None:
    os.chown(tmp_path, SERVICE, SERVICE)
    with locked(tmp_path, "history.lock", of_another=True):
        save(tmp_path / "history.json")
    owners = {file.name: file.stat().st_uid for file in tmp_path.iterdir()}
    assert owners == {"history.json": SERVICE, "history.lock": SERVICE}


@of_root
def test_root_follows_no_link_in_a_folder_of_another_user(tmp_path: Path) -> None:
    machine = tmp_path / "shadow"
    machine.write_text("of the machine")
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, SERVICE, SERVICE)
    (folder / "history.new").symlink_to(machine)
    with pytest.raises(CannotRun, match=r"history\.json cannot be written"):
        save(folder / "history.json")
    assert (machine.read_text(), machine.stat().st_uid) == ("of the machine", 0)


@pytest.fixture
def of_root_only() -> Iterator[Path]:
    """A position that root wrote and only root may read, where everybody may look."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "history.json"
        save(path)
        path.chmod(0o600)
        path.parent.chmod(0o755)
        yield path


@of_root
def test_a_position_of_another_user_is_named_with_what_helps(of_root_only: Path) -> None:
    path = of_root_only
    os.seteuid(NOBODY)
    try:
        with pytest.raises(CannotRun) as raised:
            Cursor(path)
        said = str(raised.value)
    finally:
        os.seteuid(0)
    assert said.startswith(f"{path} cannot be read: Permission denied; {path} belongs to root:")
    assert said.endswith(f"this runs as nobody: chown -R nobody {path}")


def test_a_position_that_is_no_file_is_named_with_what_helps(tmp_path: Path) -> None:
    (tmp_path / "history.json").mkdir()
    with pytest.raises(CannotRun, match=r"cannot be read: Is a directory; move it away"):
        Cursor(tmp_path / "history.json")


def test_a_position_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "history.new").mkdir()
    with pytest.raises(CannotRun, match=r"history\.json cannot be written: Is a directory"):
        save(tmp_path / "history.json")
