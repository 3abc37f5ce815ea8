"""Both steps of the estimate of the cover can be fitted anew, and what is written is read back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.conditions import classifier, cover_model
from legwatch.conditions.cover_features import LETTERS
from legwatch_lab.fit import fit_cover
from repository import miss

WIDE = ("body", "--wide", "--per-run", "4")


def made(folder: Path, seed: int, count: int, model: Sequence[str] = ("lumped",)) -> Path:
    words = ["nights", "make", "--kind", "corpus", "--before-h", "3", "--seed", str(seed)]
    words += ["--model", *model, "--count", str(count), "--out", str(folder)]
    assert legwatch(words) == 0
    return folder


def test_a_fit_is_written_as_the_model_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        miss("scikit-learn is not installed: pip install 'legwatch[fit]'")
    pytest.importorskip("pythermalcomfort")
    nights, wide = made(tmp_path / "lumped", 1, 12), made(tmp_path / "wide", 2, 4, WIDE)
    written = tmp_path / "model.py"
    monkeypatch.setattr(fit_cover, "FILE", written)
    assert fit_cover.main([str(nights), str(wide), "--jobs", "1", "--write"]) == 0
    fitted: dict[str, Any] = {}
    exec(written.read_text(), fitted)
    names = {name for name in vars(cover_model) if name.isupper()}
    assert {name for name in fitted if name.isupper()} == names
    off = classifier.parse(fitted["OFF_BASE"], fitted["OFF"], LETTERS)
    bare = classifier.parse(fitted["BARE_BASE"], fitted["BARE"], LETTERS)
    assert off.leaves.first.bit_count() == fit_cover.OFF_SHAPE["max_iter"]
    assert bare.leaves.first.bit_count() == fit_cover.BARE_SHAPE["max_iter"]
    assert len(fitted["NOT_BARE"]) == len(cover_model.NOT_BARE)


def test_a_folder_without_nights_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit_cover.main([str(tmp_path)]) == 1
    assert "truth files" in capsys.readouterr().err
