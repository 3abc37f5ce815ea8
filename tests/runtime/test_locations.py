"""Which settings the commands read, if nobody names a file."""

from pathlib import Path

import pytest

from legwatch.errors import CannotRun
from legwatch_runtime import locations


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the places where a file may be, from the first that counts."""
    files = [tmp_path / "etc.toml", tmp_path / "var.toml"]
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
