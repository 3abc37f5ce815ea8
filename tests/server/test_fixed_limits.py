"""Limits that owners cannot set any more: a file with one still starts, and it is said."""

from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch.settings import load
from legwatch_runtime.profiles import fixed, rules_for
from legwatch_server.settings import ServerSettings

OWN = {"zone": "UTC", "push": {"channels": ["console"]}}
WRITTEN = {"presence.warm_c": 30.0, "warmth": {"baseline_s": 3600, "plain_c": 27.0}}


def settings(**table: Any) -> ServerSettings:
    made = load(ServerSettings, {**OWN, **table})
    made.check()
    return made


def test_a_file_of_before_has_the_limits_of_the_profile_again() -> None:
    usual = rules_for("standard", {"warmth.plain_c": 27.0}, settings().zone_of(""))
    assert settings(rules=WRITTEN).rules_of("b") == usual
    assert settings(beds={"b": {"rules": WRITTEN}}).rules_of("b") == usual


@pytest.mark.parametrize("path", fixed())
def test_each_is_left_out_whatever_it_says(path: str) -> None:
    usual = settings().rules_of("b")
    for value in (-1e9, 0, 1e9, 10**30):
        assert settings(rules={path: value}).rules_of("b") == usual


def test_check_config_names_each_and_says_what_became_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "server.toml"
    path.write_text(dumps({**OWN, "state_dir": str(tmp_path), "beds": {"b": {"rules": WRITTEN}}}))
    assert main(["check-config", str(path)]) == 0
    said = capsys.readouterr()
    for limit in ("presence.warm_c", "warmth.baseline_s"):
        assert f"beds.b.rules.{limit}: it is left out" in said.out + said.err
    assert "plain_c: it is left out" not in said.out + said.err


@pytest.mark.parametrize("key", ["rules.warmth.baseline_s", 'beds.b.rules."presence.warm_c"'])
def test_a_new_one_is_refused(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.toml"
    path.write_text(before := dumps({**OWN, "state_dir": str(tmp_path)}))
    assert main(["settings", "--config", str(path), "set", key, "29.0"]) == 2
    assert "owners cannot set this limit" in capsys.readouterr().err
    assert path.read_text() == before
    assert not (tmp_path / "changes.toml").exists()
