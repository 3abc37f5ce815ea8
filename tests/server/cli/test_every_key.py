"""Every key with every odd value: refused in one sentence that names the key, or usable."""

import contextlib
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main as legwatch
from legwatch.night import night_of
from legwatch.oncall.people import on_call
from legwatch.settings import load
from legwatch_device.broker_link import BrokerLink
from legwatch_device.settings import AgentSettings
from legwatch_runtime.part import Parts
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.rehearsal import plan_evening
from legwatch_server.notify.render import Renderer
from legwatch_server.publish.deadman import DeadManSwitch
from legwatch_server.settings import ServerSettings
from server.cli.every_key import ODD, SERVER, Key, keys

NOW_MS = 1_767_400_000_000
FEW, MANY = 60, 1000  # of some 6,000 pairs


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)


def wrong(key: Key, odd: str, file: Path) -> Iterator[str]:
    """Yield what is wrong with the answer to a key with an odd value."""
    table = key.with_value(ODD[odd])
    file.write_text(dumps(table), encoding="utf-8")
    out, said = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
            code = legwatch(["check-config", str(file), "--as", key.kind])
    except BaseException as error:  # a traceback is what must not be
        yield f"{type(error).__name__}: {error}"
        return
    lines = said.getvalue().splitlines()
    if code == 0 or (code == 1 and "this bed can NEVER WARN" in out.getvalue()):
        if lines:
            yield f"good, and yet {lines[0]}"
        yield from unusable(key, table)
        return
    if code != 2 or not lines:
        yield f"code {code}, {lines}"
    tails = (str(key.way[-1]), *(ODD[odd] if isinstance(ODD[odd], dict) else ()))
    if not any(tail in line for line in lines for tail in tails):
        yield f"the key is not named: {lines[:1]}"
    yield from (f"not one sentence: {line[:200]!r}" for line in lines if not fits(line, file))


def fits(line: str, file: Path) -> bool:
    return line.startswith(f"{file}: ") and line.isprintable() and len(line) < 700


def unusable(key: Key, table: dict[str, Any]) -> Iterator[str]:
    """Yield why settings that were called good cannot be used."""
    try:
        if key.kind == SERVER:
            use_server(load(ServerSettings, table))
        else:
            mqtt = load(AgentSettings, table).mqtt
            BrokerLink("anna", mqtt, "", lambda _item: None, Parts())  # type: ignore[arg-type]
    except Exception as error:  # whatever it is, it would be so at night
        yield f"good, and yet {type(error).__name__}: {error}"


def use_server(settings: ServerSettings) -> None:
    never: Any = None
    BrokerConnection(settings.mqtt, "", never, never)
    DeadManSwitch(settings.heartbeat, lambda: None)
    Renderer(settings, b"k" * 32)
    plan_evening(settings, NOW_MS, "", ())
    night = night_of(NOW_MS, settings.zone_of("b"))
    assert on_call(settings.everybody(), settings.roster, night, "b")
    assert settings.rules_of("b")


def pairs(folder: Path) -> list[tuple[Key, str]]:
    return [(key, odd) for key in keys(str(folder)) for odd in ODD]


def found(chosen: list[tuple[Key, str]], folder: Path) -> list[str]:
    file = folder / "some.toml"
    return [
        f"{key.name} = {odd}: {problem}" for key, odd in chosen for problem in wrong(key, odd, file)
    ]


def test_an_odd_value_is_refused_by_the_name_of_its_key_or_can_be_used(tmp_path: Path) -> None:
    every = pairs(tmp_path)
    assert len(every) > 6000
    assert found(random.Random(25).sample(every, FEW), tmp_path) == []


@pytest.mark.end_to_end
def test_so_is_a_sixth_of_all_odd_values_with_each_key_among_them(tmp_path: Path) -> None:
    every = pairs(tmp_path)
    chosen = every[::6]  # 31 values: other ones for each key
    assert {key.name for key, _ in chosen} == {key.name for key, _ in every}
    assert len(chosen) > MANY
    assert found(chosen, tmp_path) == []


@pytest.mark.parametrize(
    "odd", ["true", "10**400", "empty text", "two lines", "nul", "long", "folder", "list", "table"]
)
@pytest.mark.parametrize("way", [("state_dir",), ("mqtt", "ca_file")], ids=str)
@pytest.mark.parametrize("kind", ["agent", "server"])
def test_the_program_itself_says_it_in_one_sentence_too(
    kind: str, way: tuple[str, ...], odd: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = {"bed": "anna"} if kind == "agent" else {"zone": "UTC", "state_dir": str(tmp_path)}
    file = tmp_path / f"{kind}.toml"
    file.write_text(dumps(Key(kind, base, way).with_value(ODD[odd])), encoding="utf-8")
    code = legwatch([kind, "--config", str(file), "--check-config"])
    said = capsys.readouterr().err.splitlines()
    assert (code, len(said)) in {(0, 0), (2, 1)}
    assert all(line.isprintable() and len(line) < 700 for line in said)
