"""The certificate of the broker's authority is away while the broker starts again, then back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.authority import HOST, Authority
from end_to_end.house import LEGWATCH, House, Process, free_port, wait_until
from end_to_end.test_reasons import PASSWORD, RealBroker

ENV = {"LEGWATCH_MQTT_PASSWORD": PASSWORD}
SAID_S = 60.0


class Pair:
    """A server and an agent that reach their broker by TLS."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.authority = Authority(folder, "good")
        self.certificate = self.authority.sign("broker")
        self.house = House(folder)
        self.house.write_server(mqtt=self._way("server"))
        agent = folder / "agent.toml"
        sensors = {"leg": {"driver": "simulated"}}
        table = {"bed": "anna", "window_s": 1, "clock": "trusted", "sensors": sensors}
        state = str(folder / "agent")
        agent.write_text(dump({**table, "state_dir": state, "mqtt": self._way("anna")}))
        self.running = [
            Process((*LEGWATCH, name, "--config", str(file)), folder / f"{name}.log", ENV)
            for name, file in (("server", self.house.server_toml), ("agent", agent))
        ]

    def _way(self, user: str) -> dict[str, object]:
        return {"host": HOST, "port": self.port, "user": user, "ca_file": str(self.authority.file)}

    def broker(self) -> RealBroker:
        return RealBroker(self.folder, self.certificate, self.port)

    def more_windows(self) -> None:
        """Wait until the server has stored windows that it did not have."""
        self.house.wait_windows(self.house.count("windows") + 3, 90)


@pytest.fixture
def pair(tmp_path: Path, mosquitto: None) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    for process in made.running:
        process.kill()


def test_both_are_connected_again_when_the_certificate_is_back(pair: Pair) -> None:
    with pair.broker():
        pair.more_windows()
    away = pair.authority.file.rename(pair.folder / "away")
    with pair.broker():
        cannot = f"mqtt.ca_file = {pair.authority.file} cannot be read"
        agent = pair.running[1]
        wait_until(lambda: cannot in agent.said(), "a word of the agent", SAID_S)
        away.rename(pair.authority.file)
        pair.more_windows()
        assert [process.code for process in pair.running] == [None, None]
        assert agent.said().count(cannot) == 1
