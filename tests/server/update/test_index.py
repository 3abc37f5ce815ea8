"""A version from a package index: got by the real pip, looked at as a file is."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_server.cli import updating
from server.update.installation import Installation, content, pack

pytestmark = pytest.mark.slow  # pip makes an environment
BACKEND = """
from pathlib import Path
def prepare_metadata_for_build_wheel(folder, settings=None):
    about = Path(folder) / "legwatch-{version}.dist-info"
    about.mkdir()
    said = "Metadata-Version: 2.1\\nName: legwatch\\nVersion: {version}\\n"
    (about / "METADATA").write_text(said)
    return about.name
"""
SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Serve an index that has two versions."""
    folder = tmp_path / "served/simple/legwatch"
    folder.mkdir(parents=True)
    for version in ("0.1.5", "0.2.0"):
        files = content(version)
        files["pyproject.toml"] = SYSTEM + files["pyproject.toml"]
        files["backend.py"] = BACKEND.format(version=version)
        pack(folder / f"legwatch-{version}.tar.gz", files)
    links = "".join(f'<a href="{file.name}">{file.name}</a>' for file in folder.iterdir())
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@pytest.fixture
def at(here: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(updating, "here", lambda: here.places)
    monkeypatch.setenv("PATH", here.env()["PATH"])
    return here


def test_the_newest_or_a_named_version_is_got(
    at: Installation, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["update", "--index", index, "--check"]) == 0
    assert "legwatch-0.2.0.tar.gz has 0.2.0" in capsys.readouterr().out
    assert legwatch(["update", "--index", index, "--version", "0.1.5", "--check"]) == 0
    assert "legwatch-0.1.5.tar.gz has 0.1.5" in capsys.readouterr().out


def test_what_the_index_does_not_have_is_said(
    at: Installation, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["update", "--index", index, "--version", "9.9.9", "--check"]) == 1
    err = capsys.readouterr().err
    assert f"pip could not get it from {index}: " in err
    assert "legwatch==9.9.9" in err
