"""`legwatch update`: what is well stays, what is not goes back, and nothing is lost unsaid."""

import hashlib
import stat
import tarfile
from pathlib import Path

import pytest

from server.update.installation import Installation, release
from server.update.stub_service import NEWER

pytestmark = pytest.mark.slow  # a version has to be well for some seconds


def test_a_newer_version_is_installed_and_stays(here: Installation, tmp_path: Path) -> None:
    file = release(tmp_path, "0.2.0")
    said = here.update(file)
    assert here.runs == "0.2.0"
    assert "legwatch 0.1.0 is installed; legwatch-0.2.0.tar.gz has 0.2.0.\n" in said
    assert "going back loses nothing" in said
    assert said.endswith("legwatch 0.2.0 runs, and is well.\n")
    assert here.rests() == []
    closed = [f for f in here.places.program.rglob("*") if not f.stat().st_mode & 0o044]
    assert closed == []  # by the service, which is another user
    backup = here.places.state / "before-update-0.2.0.tar"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup) as tar:
        assert {"settings/server.toml", "state/legwatch.db"} <= set(tar.getnames())


def test_what_was_wrong_before_is_no_fault_of_the_new_version(
    here: Installation, tmp_path: Path
) -> None:
    here.behaves("always")
    here.systemctl("restart")
    here.update(release(tmp_path, "0.2.0", "always"))
    assert here.runs == "0.2.0"


def test_where_the_server_cannot_be_asked_systemd_alone_is(
    here: Installation, tmp_path: Path
) -> None:
    here.listens_anywhere()
    here.update(release(tmp_path, "0.2.0", "ill"))
    assert here.runs == "0.2.0"
    here.update(release(tmp_path, "0.3.0", "dead"), "--within", 3, code=1)
    assert here.runs == "0.2.0"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("ill", "its server says: bed bed1 cannot be judged"),
        ("unheard", "its server does not hear the bed bed1"),
        ("windowless", "its server gets no window from any bed"),
        ("stranger", "another server answers at 127.0.0.1:"),
        ("dead", "its installer failed: "),
        ("refuses", "its installer failed: this machine is too old"),
    ],
)
def test_a_version_that_is_not_well_goes_back_by_itself(
    how: str, why: str, here: Installation, tmp_path: Path
) -> None:
    before = here.program()
    said = here.update(release(tmp_path, "0.2.0", how), "--within", 3, code=1)
    assert f"Going back to legwatch 0.1.0: {why}" in said
    assert "Nothing that was stored is lost" in said
    assert "\nlegwatch 0.1.0 runs again, and all is as before.\n" in said
    assert said.endswith(f"All that its installer said is in {here.places.log}.\n")
    assert here.runs == "0.1.0"
    assert here.program() == before
    assert here.rests() == []


@pytest.mark.parametrize("copy", ["", "copyless"])
def test_a_database_that_was_changed_goes_back_too(
    copy: str, here: Installation, tmp_path: Path
) -> None:
    schema, rows = here.schema, here.rows("SELECT * FROM windows")
    file = release(tmp_path, "0.2.0", "changes", "ill", copy, tables=NEWER)
    said = here.update(file, "--within", 3, code=1)
    assert f"(version {schema} to {NEWER})" in said
    assert "Not in it is what was stored since the update: 3 windows and 0 notices" in said
    assert (here.schema, here.rows("SELECT * FROM windows")) == (schema, rows)
    (aside,) = here.places.database.parent.glob("legwatch.db.of-0.2.0-????-??-??T??????")
    assert f"That stays in {aside}" in said
    assert here.runs == "0.1.0"


def test_a_newer_database_stays_where_its_version_is_well(
    here: Installation, tmp_path: Path
) -> None:
    here.update(release(tmp_path, "0.2.0", "changes", tables=NEWER))
    assert (here.runs, here.schema) == ("0.2.0", NEWER)


def test_an_older_version_goes_on_with_the_copy_that_it_can_read(
    here: Installation, tmp_path: Path
) -> None:
    schema, rows = here.schema, here.rows("SELECT * FROM windows")
    here.update(release(tmp_path, "0.2.0", "changes", tables=NEWER))
    older = release(tmp_path, "0.1.0")
    assert "0.1.0 is older: --older installs it" in here.update(older, code=1)
    assert "no version uses it any more" in here.update(older, "--older")
    assert here.runs == "0.1.0"
    assert (here.schema, here.rows("SELECT * FROM windows")) == (schema, rows)


def test_an_older_version_that_is_not_well_gives_the_newer_database_back(
    here: Installation, tmp_path: Path
) -> None:
    here.update(release(tmp_path, "0.2.0", "changes", tables=NEWER))
    rows = here.rows("SELECT * FROM windows")
    here.update(release(tmp_path, "0.1.0", "ill"), "--older", "--within", 3, code=1)
    assert here.runs == "0.2.0"
    assert (here.schema, here.rows("SELECT * FROM windows")) == (NEWER, rows)


def test_a_service_that_did_not_run_is_not_left_running_by_a_version_that_goes_back(
    here: Installation, tmp_path: Path
) -> None:
    here.kill("stub_service")
    said = here.update(release(tmp_path, "0.2.0", "ill"), "--within", 3, code=1)
    assert "\nlegwatch 0.1.0 is there again; it did not run.\n" in said
    assert here.runs == ""


def test_what_would_happen_is_said_and_nothing_changes(here: Installation, tmp_path: Path) -> None:
    before, asked = here.program(), here.asked
    file = release(tmp_path, "0.2.0", tables=NEWER)
    sums = f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
    (tmp_path / "SHA256SUMS").write_text(sums)
    said = here.update(file, "--check")
    assert "its sum is the one in SHA256SUMS" in said
    assert "MB are needed" in said
    assert said.endswith("Nothing was changed.\n")
    assert (here.program(), here.asked, here.rests()) == (before, asked, [])
    assert not here.places.hold.exists()
    assert not [*here.places.state.glob("before-update-*")]
