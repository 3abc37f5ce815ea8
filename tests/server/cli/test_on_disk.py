"""Commands advise to put a change in force only if the server can run by it, and else say why."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.errors import SettingsError
from legwatch_runtime import secrets_beside
from legwatch_server.cli import on_disk
from legwatch_server.cli.on_disk import judged
from legwatch_server.notify import usable
from legwatch_server.run_by import MADE_FROM, UNDER_UP, WATCH
from legwatch_server.settings import CHANNELS, ServerSettings
from server.cli.test_beds import SOON
from server.loaded_house import DUTY, LoadedHouse, loaded_house
from server.test_in_force import SAFE
from strangers import Stranger

Said = pytest.CaptureFixture[str]
COMMANDS = ("duty", "settings", "beds", "now", "alerts", "storage")
TOM = {"channels": ["ntfy"], "address": {"ntfy": "toms-topic"}}
EMIL = {"channels": ["pushover"], "address": {"pushover": "u" * 30}}


@pytest.fixture(autouse=True)
def _a_shell_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in secrets_beside.FILES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LoadedHouse]:
    with loaded_house(tmp_path, people={**DUTY["people"], "tom": TOM}) as made:
        yield made


def person(house: LoadedHouse, **tom: Any) -> None:
    house.edit(people={**house.table["people"], "tom": tom})


def wrong(house: LoadedHouse) -> str:
    return judged(house.file).wrong


@pytest.mark.parametrize(
    ("tom", "why"),
    [
        ({"channels": ["ntfy"]}, "people.tom.address.ntfy: "),
        ({**TOM, "address": {"ntfy": "no topic"}}, "people.tom.address.ntfy: "),
        ({**TOM, "channels": ["nfty"]}, "people.tom.channels: "),
        ({**TOM, "quiet": ["nfty"]}, "people.tom.quiet: "),
        ({**TOM, "address": {"ntyf": "x"}}, "people.tom.address.ntyf: "),
        (EMIL, "push.pushover: the application's token is missing"),
    ],
)
def test_every_command_says_why_a_change_cannot_be_used(
    house: LoadedHouse, capsys: Said, tom: dict[str, Any], why: str
) -> None:
    person(house, **tom)
    sentence = f"The settings on the disk ({house.file}) cannot be used: {why}"
    for command in COMMANDS:
        _, _, err = house.run(capsys, command)
        assert sentence in err, command
        assert "The server goes on with what it loaded at 02 Jan 21:00." in err, command
        assert "To put it in force" not in err, command
    house.end()
    for command in COMMANDS:
        _, _, err = house.run(capsys, command)
        assert sentence in err, command
        assert "goes on" not in err, command


@pytest.mark.parametrize("words", ["pause b --until 2026-01-20", "end b --yes", "resume b"])
def test_no_bed_is_paused_by_a_change_that_the_server_would_refuse(
    house: LoadedHouse, capsys: Said, words: str
) -> None:
    house.edit(people={**house.table["people"], "tom": EMIL}, beds={"b": {}})
    code, out, err = house.run(capsys, "beds", *words.split())
    assert (code, out) == (1, "")
    assert "cannot be used: push.pushover: " in err
    assert err.endswith("Nothing was changed\n")
    assert not list(house.file.parent.rglob("changes.toml"))


def test_a_bed_that_the_server_has_refused_to_watch_again_can_be_resumed_once_more(
    house: LoadedHouse, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.edit(beds={"b": {}})
    assert house.reload()
    assert house.run(capsys, "beds", "pause", "b", "--until", SOON)[0] == 0
    assert house.watch.look()

    def refuse(_settings: ServerSettings) -> None:
        raise SettingsError("push.ntfy", "no token now")

    with monkeypatch.context() as patch:
        patch.setattr(house.watch, "_take_over", refuse)
        assert house.run(capsys, "beds", "resume", "b")[0] == 0
        assert not house.watch.look()
    assert "refused" in house.run(capsys, "beds")[2]
    assert not house.watch.look()  # nothing has changed since
    code, out, _ = house.run(capsys, "beds", "resume", "b")
    assert code == 0
    assert out.startswith(
        "Bed b is to be watched again. The server has refused an earlier change ("
    )
    assert "push.ntfy: no token now), and may refuse this with it" in out
    assert house.watch.look()
    code, _, err = house.run(capsys, "beds", "resume", "b")
    assert (code, err) == (1, "legwatch beds: bed b is watched already\n")


def test_before_a_push_is_tried_it_is_said_too(house: LoadedHouse, capsys: Said) -> None:
    person(house, **{**TOM, "quiet": ["nfty"]})
    _, _, err = house.run(capsys, "duty", "--push", "karl")
    assert "cannot be used: people.tom.quiet: " in err


def test_a_good_change_is_advised_as_before(house: LoadedHouse) -> None:
    person(house, **{**TOM, "address": {"ntfy": "another"}})
    (said,) = judged(house.file).remarks()
    assert said.startswith("Changed on disk, not yet in force: people.tom.address.ntfy. To put")


def test_an_unchanged_file_of_a_running_server_is_not_looked_at(
    house: LoadedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(usable, "check_waiting")
    assert wrong(house) == ""
    house.edit(zone="Europe/Berlin")
    with pytest.raises(ImportError):
        wrong(house)


def test_a_token_beside_the_file_counts_and_one_that_this_user_may_not_read_is_no_error(
    house: LoadedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(house, **EMIL)
    token = house.file.with_name("pushover-token")
    token.write_text("a" * 30)
    assert wrong(house) == ""
    token.write_text("short")
    assert "LEGWATCH_PUSHOVER_TOKEN is not 30 letters" in wrong(house)

    def refuse(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(secrets_beside, "read_text", refuse)
    assert wrong(house) == ""


def test_a_secret_that_only_the_running_server_was_given_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)
    with loaded_house(tmp_path, people={**DUTY["people"], "emil": EMIL}) as house:
        monkeypatch.delenv("LEGWATCH_PUSHOVER_TOKEN")
        person(house, channels=["console"])
        assert wrong(house) == ""
        house.edit(people={**DUTY["people"], "emil": {**EMIL, "address": {"pushover": "v" * 30}}})
        assert wrong(house) == ""
        house.edit(people={**DUTY["people"], "emil": {**EMIL, "address": {"pushover": "short"}}})
        assert wrong(house).startswith("people.emil.address.pushover: ")


def test_a_wrong_option_of_an_outside_channel_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Stranger(tmp_path, monkeypatch).has(SAFE, {CHANNELS: {"safe": "{}:Safe"}})
    with loaded_house(tmp_path, push={"safe": {"pin": 1}}) as house:
        house.edit(push={"safe": {"pni": 1}})
        assert wrong(house).startswith("push.safe.pni: ")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["import os; os._exit(7)", "pass"])
def test_a_channel_that_ends_the_process_natively_ends_no_command(
    house: LoadedHouse, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    start = "pass" if code != "pass" else "import os; os._exit(7)"
    kind = f"class Odd:\n    def __init__(self, *_): {start}\n    def send(self, push): pass\n"
    Stranger(tmp_path, monkeypatch).has(f"{code}\n{kind}", {CHANNELS: {"odd": "{}:Odd"}})
    person(house, channels=["odd"])
    for command in COMMANDS:
        _, _, err = house.run(capsys, command)
        assert "it ends the process that it runs in (exit code 7)" in err, command
    house.end()
    for command in COMMANDS:
        house.run(capsys, command)


def test_of_a_bed_that_was_not_heard_a_start_only_warns(house: LoadedHouse) -> None:
    house.edit(roster=[{"people": ["karl"], "beds": ["bde"]}])
    assert wrong(house).startswith("roster[0].beds: no bed 'bde' has been heard yet")
    house.end()
    assert wrong(house) == ""


def test_under_up_the_owners_file_is_judged_and_the_secrets_beside_it_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "up"
    folder.mkdir()
    owners = tmp_path / "mine.toml"
    monkeypatch.setenv(UNDER_UP, WATCH)
    monkeypatch.setenv(MADE_FROM, str(owners))
    with loaded_house(folder) as house:
        monkeypatch.setattr(on_disk, "owners_file", lambda _: owners)
        own = {"zone": "UTC", **DUTY, "people": {**DUTY["people"], "emil": EMIL}}
        owners.write_text(dumps(own))
        (said, _) = judged(house.file).remarks()
        assert said.startswith(f"The settings on the disk ({owners}) cannot be used: push.pushover")
        owners.with_name("pushover-token").write_text("a" * 30)
        (said,) = judged(house.file).remarks()
        assert said.startswith("Changed on disk, not yet in force: people.emil")
        owners.write_text(dumps({**own, "roster": [{"people": ["karl"], "beds": ["bde"]}]}))
        assert wrong(house) == ""  # a new start puts it in force, and only warns


def test_before_the_first_start_it_is_said_too(tmp_path: Path, capsys: Said) -> None:
    with loaded_house(tmp_path) as house:
        house.end()
        for file in house.folder.iterdir():
            file.unlink()
        person(house, channels=["nfty"])
        for command in ("duty", "settings", "now"):
            _, _, err = house.run(capsys, command)
            assert f"on the disk ({house.file}) cannot be used: people.tom.channels" in err
