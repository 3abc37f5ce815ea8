"""The classifier can be fitted anew, and what the fit writes can be read back."""

import re
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.conditions import classifier, displaced_model
from legwatch.conditions.features import Features
from legwatch_lab.fit import fit_displaced
from repository import miss


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two folders of made nights; each has covers that are off, and lifted ones."""
    pytest.importorskip("pythermalcomfort")
    folder = tmp_path_factory.mktemp("nights")
    for seed in ("1", "2"):
        for kind in ("uncovered_both", "displaced", "tossing"):
            words = ["nights", "make", "--model", "body", "--kind", kind, "--seed", seed]
            assert legwatch([*words, "--count", "3", "--out", str(folder / seed)]) == 0
    return [folder / "1", folder / "2"]


def test_a_fit_is_tested_on_nights_left_out_and_written_as_the_model_is(
    nights: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        miss("scikit-learn is not installed: pip install 'legwatch[fit]'")
    written = tmp_path / "model.py"
    monkeypatch.setattr(fit_displaced, "FILE", written)
    assert fit_displaced.main([*map(str, nights), "--jobs", "1", "--write"]) == 0
    table = capsys.readouterr().out
    assert re.search(r"^ 0\.05 +\d+\.\d% +\d+\.\d%$", table, re.MULTILINE)
    fitted: dict[str, Any] = {}
    exec(written.read_text(), fitted)
    names = {name for name in vars(displaced_model) if name.isupper()}
    assert {name for name in fitted if name.isupper()} == names
    model = classifier.parse(fitted["DISPLACED_BASE"], fitted["DISPLACED"], Features._fields)
    bare = Features(0.5, 0.0, -0.01, 0.1, 20.0, 5.0, 8.0, 0.5, 0.5)
    outside = Features(0.98, 0.05, 0.0, 0.6, 10.0, 10.0, 8.0, 0.98, 0.98)
    assert classifier.probability(model, bare) < classifier.probability(model, outside)
