"""What README and the printed hints tell an owner to do with a running house, done as they say."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from checkout import Checkout
from documents import in_lines
from end_to_end.house import House, Process, wait_until, write_night
from legwatch.testing import night, uncovering
from repository import REPO

VENV = Path(sys.executable).parent


def typed(
    line: str,
    folder: Path,
    env: Mapping[str, str] = os.environ,
    code: int = 0,
    first: str = f"{VENV}{os.pathsep}",
) -> str:
    """Type a line into a shell in this folder; return what it printed. `first` on the path."""
    path = f"{first}{env['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**env, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.usefixtures("mosquitto")
@pytest.mark.parametrize("state", ["", "--state 'of my own'"])
def test_legwatch_up_ends_its_made_night_with_commands_that_work(
    tmp_path: Path, state: str
) -> None:
    """As they stand, in the same folder, with no `legwatch` on the path and a house of its own."""
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if Path(p) != VENV)
    env = {**os.environ, "PATH": path, "XDG_STATE_HOME": str(tmp_path / "state")}
    other = tmp_path / "state" / "legwatch" / "server.toml"  # of `legwatch up` on a real bed
    other.parent.mkdir(parents=True)
    other.write_text('state_dir = "/nowhere"\n')
    started = f"{VENV / 'legwatch'} up --speed 3000 {state}"
    said = typed(started, tmp_path, {**env, "TZ": "America/Los_Angeles"}, first="")
    lived = re.findall(r"^(\d\d:\d\d)  demo  ", said, re.MULTILINE)
    summed = re.findall(
        r"^  (\d\d:\d\d) \w+ +(?:expected|fired|repeated|warming|resolved) ", said, re.MULTILINE
    )
    assert lived == summed  # one zone for all
    assert {"22:41", "22:43"} <= set(lived)  # as in the README, wherever it is played
    assert "(America/Los_Angeles)" in said.splitlines()[1]
    assert "set push.channels" not in said
    assert "is on a machine in" not in said
    go_on = said.partition("The made night is over.")[2]
    watch, *commands = in_lines(go_on, str(VENV / "legwatch"))
    assert watch.endswith(" up --agent-config agent.toml")
    (example,) = re.findall(r"copy (\S+) to agent\.toml", go_on)
    typed(f"cp {example} agent.toml", tmp_path, env, first="")
    told, explained, made, replayed = (typed(line, tmp_path, env, first="") for line in commands)
    assert re.search(r"^#1  demo$", told, re.MULTILINE)
    assert "demo: last word" in told
    assert explained.startswith("Alert 1, bed demo, ")
    assert "Why: " in explained
    assert made.startswith("3 nights and their truth are in nights\n")
    assert len(re.findall(r"^\S+: \d+ windows, .* notices?$", replayed, re.MULTILINE)) == 3


NOTED = {
    "quiet": r"(cold alerts|warnings on cold and lying still) of bed b are quiet until \d\d:\d\d\."
    "( Urgent .*)?",
    "useless": "bed b, cold alerts: not useful; .*",
    "seen": "bed b, cold alerts: seen; .*",
}


def test_an_alert_is_listed_explained_and_answered(house: House, tmp_path: Path) -> None:
    no_early_sign = {"warmth.early_s": 0}  # it would be number 1, and nobody can answer it
    house.write_server(rules=no_early_sign)
    house.broker()
    house.server()
    uncovered = night(leg=uncovering((100, 200), uncovered_c=25), minutes=122)
    house.agent("b", write_night(uncovered, tmp_path / "night.csv")).wait()
    wait_until(lambda: any('"fired"' in line for line in house.lines("b")), "an alert")

    def legwatch(words: str, code: int = 0) -> str:
        command, _, rest = words.partition(" ")
        return typed(f"legwatch {command} --config server.toml {rest}", tmp_path, code=code)

    assert re.search(r"^#1  b$", legwatch("alerts --night last"), re.MULTILINE)
    assert legwatch("alerts explain 1").startswith("Alert 1, bed b, ")
    for answer in ("quiet 1 --minutes 60", "quiet --all b", "useless 1", "seen 1"):
        noted = legwatch(f"alerts {answer}")
        assert re.fullmatch(rf"noted: {NOTED[answer.split()[0]]}\n", noted)
    assert house.rows("SELECT act, minutes, via FROM answers ORDER BY id") == [
        ("quiet", 60, "command line"),
        ("quiet", 30, "command line"),
        ("useless", None, "command line"),
        ("seen", None, "command line"),
    ]
    assert "tonight  everyone" in legwatch("duty", code=1)  # no way to anybody was tried yet
    assert legwatch("learned b --nights 14") == "Bed b\nNo live night of it is stored.\n"
    (bed,) = json.loads(legwatch("learned --json"))["beds"]
    assert bed["bed"] == "b"


@pytest.mark.usefixtures("mosquitto")
def test_scripts_run_watches_the_bed_of_an_agents_example(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "legwatch")
    folder = checkout.folder
    typed("cp config/agent.example.toml agent.toml", folder)
    agent = folder / "agent.toml"
    text = agent.read_text().replace("window_s = 10 ", "window_s = 1 ")
    agent.write_text(re.sub(r'driver = "(dht22|gpio_motion)"', 'driver = "simulated"', text))
    (to_be_told,) = re.findall(
        r"^```toml\n(.*?)^```", (REPO / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    nobody = '[rehearsal]\nat = ""\n[push.ntfy]\nurl = "http://127.0.0.1:9"\n'
    (folder / "server.toml").write_text(to_be_told + nobody)
    command = "scripts/run --config server.toml --agent-config agent.toml"
    words = ("bash", "-c", f'cd "{folder}" && exec {command}')
    up = Process(words, tmp_path / "log", {**checkout.env, "TZ": "Europe/Berlin"})
    try:
        wait_until(
            lambda: "Watching the bed 'bed1'" in up.said() or up.code is not None, "the word"
        )
        look = f"legwatch alerts --config {folder}/state/legwatch/server.toml || true"
        wait_until(lambda: "bed1: last word" in typed(look, folder), "a window")
        assert "(Europe/Berlin)" in typed(look, folder)
        assert (folder / "server.toml").read_text().startswith('zone = "Europe/Berlin"  # of this')
        assert "night is 20 to 10 h in Europe/Berlin, where it is " in up.said()
        up.signal(signal.SIGINT)
        assert up.wait(20) == 0, up.said()
    finally:
        up.kill()
