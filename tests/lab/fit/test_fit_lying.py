"""The classifiers of who lies there can be fitted anew, and what is written can be read back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.conditions import classifier, lying_model
from legwatch.conditions.lying_features import LETTERS
from legwatch_lab.fit import fit_lying
from repository import miss

WIDE = ("body", "--wide", "--per-run", "4")


def made(folder: Path, seed: int, count: int, model: Sequence[str] = ("lumped",)) -> Path:
    words = ["nights", "make", "--before-h", "3", "--seed", str(seed), "--model", *model]
    assert legwatch([*words, "--count", str(count), "--out", str(folder)]) == 0
    return folder


def test_a_fit_is_judged_on_other_nights_and_written_as_the_model_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        miss("scikit-learn is not installed: pip install 'legwatch[fit]'")
    pytest.importorskip("pythermalcomfort")
    nights, wide = made(tmp_path / "lumped", 1, 12), made(tmp_path / "wide", 2, 4, WIDE)
    others = made(tmp_path / "others", 3, 4)
    written = tmp_path / "model.py"
    monkeypatch.setattr(fit_lying, "FILE", written)
    words = [str(nights), str(wide), "--test", str(others), "--jobs", "1", "--write"]
    assert fit_lying.main(words) == 0
    table = capsys.readouterr().out
    assert all(build in table for build in fit_lying.BUILDS)
    fitted: dict[str, Any] = {}
    exec(written.read_text(), fitted)
    names = {name for name in vars(lying_model) if name.isupper()}
    assert {name for name in fitted if name.isupper()} == names
    model = classifier.parse(fitted["BARE_BASE"], fitted["BARE"], LETTERS)
    assert model.leaves.first.bit_count() == fit_lying.SHAPE["max_iter"]


def test_a_folder_without_nights_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit_lying.main([str(tmp_path)]) == 1
    assert "truth files" in capsys.readouterr().err
