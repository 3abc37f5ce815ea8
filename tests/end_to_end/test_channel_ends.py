"""A channel whose `send` ends the server: `legwatch up` names it, and goes on without it."""

import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import free_port, wait_until, write_night
from end_to_end.test_up import Up
from legwatch.testing import night, uncovering
from strangers import Stranger

CODE = """import os
from legwatch_server.notify.channels import Sent
class Full:
    def __init__(self, options, context): pass
    def send(self, push): os._exit(7)
class Good:
    def __init__(self, options, context): pass
    def send(self, push):
        with open(os.environ["GOOD"], "a") as file:
            file.write(push.title + "\\n")
        return Sent("x", True)
"""


def test_a_channel_in_whose_send_the_server_ends_is_named_and_then_left_out(
    tmp_path: Path, mosquitto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Stranger(tmp_path, monkeypatch)
    stranger.has(CODE, {"legwatch.notifiers": {"full": "{}:Full", "good": "{}:Good"}})
    cold = night(leg=uncovering((100, 160), uncovered_c=22), moves=lambda _: 0, minutes=400)
    file, port, good = write_night(cold, tmp_path / "night.csv"), free_port(), tmp_path / "good"
    (server := tmp_path / "server.toml").write_text(
        dump(
            {
                "zone": "UTC",
                "http": {"host": "127.0.0.1", "port": port},
                "rehearsal": {"at": ""},
                "rules": {"alerts.learn_nights": 0},
                "push": {"channels": ["full", "good"]},
            }
        )
    )
    (agent := tmp_path / "agent.toml").write_text(
        dump({"bed": "anna", "recording": {"file": str(file), "speed": 600, "zone": "UTC"}})
    )
    path = os.pathsep.join((str(stranger.site), os.environ.get("PYTHONPATH", "")))
    env = {"PYTHONPATH": path, "GOOD": str(good)}
    up = Up(tmp_path, "--config", str(server), "--agent-config", str(agent), env=env)
    try:
        out = "The server has ended 3 times in a row in a call of the channel full; it is left out"
        wait_until(lambda: out in up.said(), "that the channel is left out", 120)
        whose = f"channel 'full' ({stranger.origin('Full')}), in send: update that package, or"
        assert up.said().count(f" It was calling {whose} take it out of the settings.") == 3
        wait_until(good.exists, "a push by the other channel")
        with pytest.raises(urllib.error.HTTPError) as degraded:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
        said = "it is left out: the server has ended 3 times in a row in a call of it"
        assert f"channel full cannot start: {said}" in json.dumps(json.load(degraded.value))
        assert f"channel full cannot start: {said}" in up.said()
        assert up.said().count("The server ended") == 3
    finally:
        up.signal(signal.SIGTERM)
        up.wait(10)
