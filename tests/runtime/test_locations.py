"""Which settings the commands read, if nobody names a file."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from legwatch.errors import CannotRun
from legwatch_device.settings import AgentSettings
from legwatch_runtime import locations
from legwatch_server.settings import ServerSettings


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the places where a file may be, from the first that counts."""
    files = [tmp_path / "etc.toml", tmp_path / "var" / "var.toml"]
    files[1].parent.mkdir()
    monkeypatch.setattr(locations, "INSTALLED", files[0])
    monkeypatch.setattr(locations, "LASTING", files[1])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    own = tmp_path / "legwatch"
    (own / "demo").mkdir(parents=True)
    return [*files, own / "server.toml", own / "demo/server.toml"]


def test_what_lasts_goes_before_what_was_tried_in_a_terminal(places: list[Path]) -> None:
    for place in reversed(places):
        place.touch()
        assert locations.settings_file(None) == place


def test_a_file_that_is_named_is_read_and_none_at_all_is_said(places: list[Path]) -> None:
    with pytest.raises(CannotRun, match=r"no settings file found \(.*var\.toml.*--config FILE"):
        locations.settings_file(None)
    assert locations.settings_file(places[3]) == places[3]


def store(settings: Path, written_s: float) -> Path:
    """Make a store beside settings, as `legwatch up` has it; return its folder."""
    settings.touch()
    file = settings.parent / "server" / "legwatch.db"
    file.parent.mkdir()
    file.touch()
    os.utime(file, (written_s, written_s))
    return file.parent


def found() -> tuple[Path, str]:
    said: list[str] = []
    return locations.settings_file(None, said.append), "".join(said)


def test_a_watch_in_a_folder_of_its_own_is_found_while_it_runs(
    places: list[Path], tmp_path: Path
) -> None:
    """`legwatch up --state DIR`: else each command would say that no server runs."""
    store(places[2], 2000)
    given = tmp_path / "given" / "server.toml"
    given.parent.mkdir()
    folder = store(given, 1000)
    locations.note_given(given.parent)
    assert found() == (places[2], "")
    with (folder / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file, said = found()
    assert file == given
    assert f"in {given.parent}, which runs; " in said
    assert found() == (places[2], "")


def test_of_folders_that_were_given_the_newest_are_noted_once(places: list[Path]) -> None:
    for number in (*range(30), 29, 5):
        locations.note_given(Path(f"/srv/{number}"))
    noted = (places[2].parent / locations.GIVEN).read_text().splitlines()
    assert noted[:3] == ["/srv/5", "/srv/29", "/srv/28"]
    assert len(noted) == len(set(noted)) == locations.MOST_GIVEN


def test_a_usual_folder_that_was_given_is_one_place(
    places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit of one Pi is started with --state: each of its remarks came twice."""
    lasting = places[1].parent / "server.toml"
    monkeypatch.setattr(locations, "LASTING", lasting)
    folder = store(lasting, 1000)
    locations.note_given(lasting.parent)
    with (folder / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert locations.made_by_up() == (lasting, places[2])


def test_of_two_watches_the_one_that_was_written_last_is_meant(places: list[Path]) -> None:
    _, lasting, own, demo = places
    of_own = store(own, 2000)
    of_lasting = store(lasting, 1000)
    store(demo, 3000)  # a made night never hides a real bed
    file, said = found()
    assert file == own
    assert f"in {own.parent}, which was written last; " in said
    assert f"--config {lasting}" in said
    os.utime(of_own / "legwatch.db", (500, 500))
    assert found() == (lasting, "")
    with (of_own / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file, said = found()
        assert (file, "which runs" in said) == (own, True)
        with (of_lasting / "server.lock").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            file, said = found()
            assert file == lasting
            assert f"in {lasting.parent}, which runs; there is one in {own.parent}, too" in said
            assert said.endswith(f"--config {own}")


def test_a_watch_in_a_folder_of_its_own_that_runs_beside_the_units_is_said(
    places: list[Path], tmp_path: Path
) -> None:
    lasting, given = places[1], tmp_path / "given" / "server.toml"
    given.parent.mkdir()
    store(places[2], 3000)  # tried once, and over: nothing to say of it
    locks = [(store(place, 1000) / "server.lock").open("w") for place in (lasting, given)]
    locations.note_given(given.parent)
    fcntl.flock(locks[0], fcntl.LOCK_EX)
    assert found() == (lasting, "")
    fcntl.flock(locks[1], fcntl.LOCK_EX)
    file, said = found()
    assert (file, said.endswith(f"--config {given}")) == (lasting, True)
    assert locations.settings_file(lasting) == lasting  # who names a file knows
    locks[1].close()
    link = tmp_path / "link"
    link.symlink_to(lasting.parent)
    locations.note_given(link)
    assert found() == (lasting, "")  # the same folder by another name
    locks[0].close()
    assert found()[0] == places[2]


def test_who_may_not_see_the_units_folder_is_told_of_two_own_ones_that_run(
    places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_runtime.rights.may_look", lambda _place: False)
    own, given = places[2], tmp_path / "given" / "server.toml"
    given.parent.mkdir()
    locations.note_given(given.parent)
    with (store(own, 1000) / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert found() == (own, "")
        with (store(given, 2000) / "server.lock").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            file, said = found()
    assert (file, said.endswith(f"--config {given}")) == (own, True)


def test_a_made_night_that_runs_is_meant_beside_a_real_bed_that_does_not(
    places: list[Path],
) -> None:
    _, lasting, _, demo = places
    store(lasting, 1000)
    with (store(demo, 500) / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert found()[0] == demo


SHOW = """
from legwatch_runtime import locations
from legwatch_server.settings import ServerSettings
from legwatch_device.settings import AgentSettings
print(locations.INSTALLED, *locations.made_by_up())
print(ServerSettings().state_dir, AgentSettings("b").state_dir)
"""


def shown(**env: str) -> list[str]:
    """Return the places that a program looks at which a test starts."""
    words = [sys.executable, "-c", SHOW]
    env = {**os.environ, **env}
    return subprocess.run(
        words, env=env, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()


def test_no_test_and_nothing_that_it_starts_sees_what_is_installed_on_this_machine() -> None:
    """The settings, beds and people of a real installation turned ten tests red."""
    seen = [str(place) for place in (locations.INSTALLED, *locations.made_by_up())]
    seen += [ServerSettings().state_dir, AgentSettings("b").state_dir]
    assert shown() == seen
    assert {Path(place).is_relative_to(os.environ["LEGWATCH_ROOT"]) for place in seen} == {True}


def test_without_a_root_of_its_own_a_program_looks_where_the_guide_installs() -> None:
    assert shown(LEGWATCH_ROOT="", XDG_STATE_HOME="/srv") == [
        "/etc/legwatch/server.toml",
        "/var/lib/legwatch/server.toml",
        "/srv/legwatch/server.toml",
        "/var/lib/legwatch/server",
        "/var/lib/legwatch/agent",
    ]
