"""A command starts at once: it imports nothing that it does not need for what it was asked.

How long that takes is a matter of the machine, and `tests/bench/command_start.py` measures it.
What is imported is not.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from legwatch.__main__ import GROUP
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer
from repository import REPO
from server.ward import BEGIN

pytestmark = pytest.mark.slow  # each starts a process
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = sorted(PROJECT["entry-points"][GROUP])
# Each takes a twentieth of a second or more, or brings others along that do.
NEVER = {
    *("apprise", "asyncio", "matplotlib", "multiprocessing", "numpy", "paho", "prometheus_client"),
    *("pywebpush", "tqdm", "unittest", "urllib3", "influxdb_client", "gpiozero", "http.server"),
}
HEAVY = NEVER | {
    *("email", "http.client", "importlib.metadata", "ssl", "statistics", "tomlkit"),
    *("hashlib", "logging", "socket", "legwatch.engine", "legwatch_server.inbox"),
}
JUDGE = {"learned", "now", "replay", "score"}  # these need the engine for whatever is asked
LOOK = """
import json, sys
from legwatch_runtime import command, shipped
run = shipped.load(sys.argv[1]) if ":" in sys.argv[1] else command.main
try:
    code = run(sys.argv[1:] if run is command.main else sys.argv[2:])
except SystemExit as end:
    code = end.code
sys.stderr.write("\\n" + json.dumps([code, sorted(sys.modules)]))
"""


def imported(*words: str) -> tuple[int, set[str]]:
    """Run a command in a process of its own; return its exit code and what it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *words], capture_output=True, check=True, timeout=60
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    code, modules = imported(PROJECT["entry-points"][GROUP][name], "--help")
    assert code == 0
    excused = EXCUSED.get(name, set()) | ({"legwatch.engine"} if name in JUDGE else set())
    assert modules & HEAVY - excused == set()


EXCUSED = {
    "check-config": {"logging"},  # of the driver that plays recordings
    # It starts a broker with new passwords, and processes that tell it how they are.
    "up": {"hashlib", "logging", "socket"},
}


@pytest.mark.parametrize(
    ("words", "code"), [(("duty",), 1), (("alerts",), 0), (("now",), 0), (("beds",), 0)]
)
def test_a_look_into_an_empty_store_imports_nothing_heavy(
    tmp_path: Path, words: Sequence[str], code: int
) -> None:
    state, file = tmp_path / "state", tmp_path / "server.toml"
    state.mkdir()
    people = '[people.anna]\nchannels = ["console"]\n'
    file.write_text(f'state_dir = "{state}"\nzone = "UTC"\n{people}')
    InProcessServer(state, read(file), begin_ms=BEGIN).close()
    found, modules = imported(*words, "--config", str(file))
    assert found == code
    assert modules & HEAVY - ({"legwatch.engine"} if words[0] in JUDGE else set()) == set()


def test_without_its_libraries_a_command_answers_in_one_sentence_when_it_needs_them() -> None:
    """The libraries of an extra are missed by what needs them, and by nothing else."""
    hidden = "import sys; sys.modules['urllib3'] = None\n" + LOOK
    code, _ = _run(hidden, "alerts", "--help")
    assert code == 0
    code, said = _run(hidden, "server", "--config", "none.toml")
    assert code == 2
    assert said == ["legwatch server: needs the module urllib3: pip install 'legwatch[server]'"]


def _run(program: str, *words: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    )
    *said, last = done.stderr.splitlines()
    return json.loads(last)[0], [line for line in said if line]
