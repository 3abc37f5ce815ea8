"""The real server on a damaged, moved or foreign database: a cold bed is told, or one sentence."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, House, Phones, Process, wait_until, write_night
from legwatch.testing import night, uncovering
from legwatch_server.store.database import SqliteStore

URGENT = 5
NOBODY = 65534


def overwritten(house: House) -> None:
    """Write zeros over every second page, under the running server."""
    path = house.folder / "server" / "legwatch.db"
    for file in (path, path.with_name("legwatch.db-wal")):
        with file.open("r+b") as out:
            for at in range(4096, file.stat().st_size - 4096, 8192):
                out.seek(at)
                out.write(bytes(4096))


def renamed(house: House) -> None:
    (house.folder / "server").rename(house.folder / "elsewhere")


def replaced(house: House) -> None:
    other = house.folder / "server" / "other"
    other.write_bytes(b"not a database " * 1000)
    other.replace(house.folder / "server" / "legwatch.db")


def killed_and_cut(house: House) -> None:
    """Cut off half of the database and of its log while the server is down."""
    house.processes[-2].kill()  # the last one is the agent
    path = house.folder / "server" / "legwatch.db"
    for file in (path, path.with_name("legwatch.db-wal")):
        with file.open("r+b") as out:
            out.truncate(file.stat().st_size // 2)
    house.server()


@pytest.mark.parametrize("harm", [overwritten, renamed, replaced, killed_and_cut])
def test_after_a_damage_another_beds_cold_is_told(
    house: House, phones: Phones, harm: Callable[[House], None]
) -> None:
    warm = write_night(night(minutes=30), house.folder / "warm.csv")
    cold = night(leg=uncovering((100, 160), uncovered_c=22), moves=lambda _: 0, minutes=160)
    file = write_night(cold, house.folder / "cold.csv")
    house.broker()
    house.write_server(
        rules={"alerts.learn_nights": 0},
        push={"channels": ["ntfy"], "ntfy": {"url": phones.url, "topic": "legs"}},
    )
    server = house.server()
    house.agent("anna", warm)
    house.wait_windows(30 * 6)
    harm(house)
    house.agent("bert", file)
    wait_until(
        lambda: any(body.get("priority") == URGENT for body in phones.bodies), "an urgent push"
    )
    if harm in {overwritten, killed_and_cut}:  # of the others nothing is lost
        wait_until(
            lambda: any("memory" in body["title"] for body in phones.bodies), "a word of the loss"
        )
    assert "database was damaged or lost" in " ".join(house.health()["wrong"])
    assert "Traceback" not in server.said()
    if harm is not overwritten:  # there it wrote into a table that was gone already
        of_bert = "bed_id=(SELECT id FROM beds WHERE name='bert')"
        wait_until(lambda: house.count("windows", of_bert) == 160 * 6, "each window of the cold")


# ---- a wrong owner
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.fixture
def foreign() -> Iterator[Path]:
    """Yield a folder that everybody can reach."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can run the server as somebody else")
    if subprocess.run(
        [*AS_NOBODY, *LEGWATCH, "--help"], capture_output=True, check=False
    ).returncode:
        pytest.skip("nobody but root can run legwatch here")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def started_as_nobody(folder: Path) -> Process:
    config = folder / "server.toml"
    config.write_text(dump({"state_dir": str(folder / "state"), "mqtt": {"port": 1}}))
    return Process((*AS_NOBODY, *LEGWATCH, "server", "--config", str(config)), folder / "log")


@pytest.mark.parametrize("name", ["", "legwatch.db", "answer.key"])
def test_a_wrong_owner_is_named_in_one_sentence(foreign: Path, name: str) -> None:
    state = foreign / "state"
    state.mkdir(mode=0o755)
    SqliteStore(state / "legwatch.db").close()
    (state / "answer.key").write_bytes(b"k" * 32)
    for file in state.iterdir():
        file.chmod(0o600)
        os.chown(file, NOBODY, NOBODY)
    os.chown(state, NOBODY, NOBODY)
    of_root = state / name
    os.chown(of_root, 0, 0)
    process = started_as_nobody(foreign)
    assert process.wait(30) == 1, process.said()
    (refusal,) = [line for line in process.said().splitlines() if "legwatch server:" in line]
    assert f"{of_root} belongs to root:root" in refusal
    assert "chown -R nobody" in refusal
    assert "Traceback" not in process.said()
