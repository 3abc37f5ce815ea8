"""What legwatch writes is for its owner only, and an error says whose a folder is."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from legwatch.errors import CannotRun
from legwatch_device.spool import Spool
from legwatch_runtime import locations
from legwatch_runtime.rights import explained
from legwatch_runtime.state_dir import FolderRefused, locked
from legwatch_server import settings_file
from legwatch_server.signed_links import signing_key
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.errors import StoreError

NOBODY = 65534


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.mark.usefixtures("_open_umask")
def test_database_spool_and_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with locked(folder, "server.lock"):
        signing_key(folder, b"")
        with closing(SqliteStore(folder / "legwatch.db")), closing(Spool(folder / "spool.db")):
            found = {path.name: rights(path) for path in folder.iterdir()}
    assert {"legwatch.db", "legwatch.db-wal", "spool.db", "answer.key", "server.lock"} <= set(found)
    assert set(found.values()) == {"0o600"}, found
    assert rights(folder) == "0o700"


@pytest.mark.usefixtures("_open_umask")
def test_what_was_open_to_all_is_tightened_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    for name in ("server.lock", "legwatch.db", "legwatch.db-wal", "changes.toml", "server.toml"):
        (folder / name).touch(mode=0o644)
    with locked(folder, "server.lock"):
        found = {path.name: rights(path) for path in folder.iterdir()}
    assert found.pop("server.toml") == "0o644"  # the owner's own
    assert set(found.values()) == {"0o600"}, found
    assert rights(folder) == "0o700"


@pytest.mark.usefixtures("_open_umask")
def test_a_folder_that_others_use_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    with locked(folder, "server.lock"):
        assert rights(folder) == "0o755"


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of root, and no rights of root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(0)


def test_a_folder_of_another_user_is_named_with_what_helps(as_nobody: Path) -> None:
    with pytest.raises(FolderRefused) as raised, locked(as_nobody / "state", "server.lock"):
        pass
    said = str(raised.value)
    assert (
        f"{as_nobody / 'state'} cannot be written: Permission denied; {as_nobody} belongs" in said
    )
    assert "to root:" in said
    # The folder above may be /var/lib: it must not become ours.
    made = f"install -d -o nobody {as_nobody / 'state'}"
    assert said.endswith(f"(drwxr-xr-x), this runs as nobody: {made}")
    with pytest.raises(StoreError) as refused:
        SqliteStore(as_nobody / "legwatch.db")
    said = str(refused.value)
    assert "unable to open database file; " in said
    assert said.endswith(f"this runs as nobody: chown -R nobody {as_nobody}")


def test_a_database_of_another_user_is_named_with_what_helps(as_nobody: Path) -> None:
    path = as_nobody / "legwatch.db"
    os.seteuid(0)
    SqliteStore(path).close()
    path.chmod(0o600)
    os.seteuid(NOBODY)
    with pytest.raises(StoreError) as refused:
        SqliteStore(path)
    said = str(refused.value)
    assert f"{path} belongs to root:" in said
    assert said.endswith(f"(-rw-------), this runs as nobody: chown -R nobody {path}")


def test_ones_own_folder_needs_no_chown(tmp_path: Path) -> None:
    said = explained(tmp_path / "not" / "made")
    assert said.startswith(f"{tmp_path} belongs to ")
    assert "chown" not in said


def test_a_command_of_a_user_who_may_not_look_into_the_folder_of_the_settings_says_so(
    as_nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "INSTALLED", as_nobody / "etc" / "server.toml")
    os.seteuid(0)
    (as_nobody / "etc").mkdir(mode=0o700)
    os.seteuid(NOBODY)
    with pytest.raises(
        CannotRun, match=r"server\.toml cannot be read: .*etc belongs to root.*sudo"
    ):
        locations.settings_file(None)


def test_whose_a_file_is_matters_only_for_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'state_dir = "{tmp_path / "state"}"\n')
    for number, matters in ((errno.ENOSPC, False), (errno.EROFS, False), (errno.EACCES, True)):

        def fails(*_: object, number: int = number) -> NoReturn:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(settings_file, "opened_anew", fails)
        with pytest.raises(CannotRun) as raised:
            settings_file.change(file, {"rules.warmth.warn_c": 26.0})
        assert os.strerror(number) in str(raised.value)
        assert (" belongs to " in str(raised.value)) is matters
