"""An update that is cut off at any moment leaves one of both versions, and it can be gone on."""

import signal
import time
from pathlib import Path

import pytest

from server.update.installation import LONG_S, Installation, release
from server.update.stub_service import NEWER

pytestmark = pytest.mark.slow  # a version has to be well for some seconds
SLOW_S = 3
MOMENTS_S = (0.6, 1.0, 1.4, 1.8, 2.6, 4.2)  # from the first looks to the end of going back


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return release(tmp_path, "0.2.0", slow=SLOW_S)


def test_ctrl_c_in_the_middle_goes_back(here: Installation, file: Path) -> None:
    before = here.program()
    with here.updating(file) as running:
        here.halfway()
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=LONG_S)
    assert running.returncode == 130
    assert "Going back to legwatch 0.1.0: you have asked for it." in said
    assert (here.runs, here.program(), here.rests()) == ("0.1.0", before, [])


def test_who_typed_it_may_be_killed(here: Installation, file: Path) -> None:
    with here.updating(file) as running:
        here.halfway()
        running.kill()
    assert "another update is under way" in here.update(file, code=1)
    here.until(lambda: not here.pids("update.worker"))
    assert (here.runs, here.rests()) == ("0.2.0", [])


def test_where_the_worker_is_killed_another_one_goes_back(here: Installation, file: Path) -> None:
    before = here.program()
    with here.updating(file) as running:
        here.halfway()
        here.kill("update.worker")
        said, _ = running.communicate(timeout=LONG_S)
    assert running.returncode == 1
    assert "was killed, or has failed: going back" in said
    assert (here.runs, here.program(), here.rests()) == ("0.1.0", before, [])


def test_a_closed_terminal_ends_nothing(here: Installation, file: Path) -> None:
    with here.updating(file) as running:
        here.halfway()
        assert running.stdout
        running.stdout.close()
        running.send_signal(signal.SIGHUP)
        here.kill("update.worker")
        running.wait(LONG_S)
    assert (here.runs, here.rests()) == ("0.1.0", [])


def all_killed(here: Installation, file: Path) -> None:
    with here.updating(file) as running:
        here.halfway()
        running.kill()
        here.lose_power()


def test_after_a_power_cut_the_next_start_goes_back_first(here: Installation, file: Path) -> None:
    before = here.program()
    all_killed(here, file)
    assert not here.places.program.exists()
    here.systemctl("start")
    assert (here.runs, here.program(), here.rests()) == ("0.1.0", before, [])


def test_the_same_line_goes_back_first_and_then_installs(here: Installation, file: Path) -> None:
    before = here.program()
    all_killed(here, file)
    assert "an update was cut off: " in here.update(file, "--check", code=1)
    said = here.update(file, code=1)
    assert "Now type the same line again." in said
    assert (here.runs, here.program(), here.rests()) == ("0.1.0", before, [])
    here.update(file)
    assert (here.runs, here.rests()) == ("0.2.0", [])


@pytest.mark.parametrize("after_s", MOMENTS_S)
def test_whenever_all_is_killed_the_next_start_has_the_version_of_before_as_a_whole(
    after_s: float, here: Installation, tmp_path: Path
) -> None:
    bad = release(tmp_path, "0.2.0", "changes", "ill", slow=0.3, tables=NEWER)
    before, was = here.program(), (here.schema, here.rows("SELECT * FROM windows"))
    with here.updating(bad, "--within", 1) as running:
        time.sleep(after_s)
        running.kill()
        here.lose_power()
    here.systemctl("start")
    assert (here.runs, here.program()) == ("0.1.0", before)
    assert (here.schema, here.rows("SELECT * FROM windows")) == was
    assert not here.places.drop_in.parent.exists()
