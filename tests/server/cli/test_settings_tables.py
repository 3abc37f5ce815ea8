"""`legwatch settings set` sets keys: a whole table would take all earlier changes in it away."""

from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.__main__ import main as legwatch
from legwatch_server.settings_file import read


@pytest.mark.parametrize("table", ["people", "beds", "push", "rules", "house"])
def test_a_whole_table_is_not_set(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    people = {"anna": {"channels": ["ntfy"], "address": {"ntfy": "a-long-odd-topic"}}}
    file.write_text(dumps({"zone": "UTC", "state_dir": f"{tmp_path}/state", "people": people}))
    on = ("settings", "--config", str(file), "set")
    assert legwatch([*on, "people.anna.language", "de"]) == 0
    assert legwatch([*on, table, "{}"]) == 2
    assert f"{table}: a table is not set as a whole" in capsys.readouterr().err
    assert read(file).people["anna"].language == "de"
