"""The server's own broker is stopped at night: nobody is sent to the plug of a healthy bedside.

A broker that stops says of every agent that it is gone, and ends the server's connection then.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.conditions.verdict import Reason
from legwatch.contract.topics import Channel, topic
from legwatch.settings import load
from legwatch_server.inbox import Connected
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from server.beds.test_rest import AWAY, use
from server.ward import MINUTE_MS, open_ward


def well(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    server = open_ward(tmp_path)
    says(server, b"online")
    server.play("b", 20, well)
    yield server
    server.close()


def says(server: InProcessServer, word: bytes, *, kept: bool = False) -> None:
    """Let the agent's word come, or what the broker says for it."""
    server.turn([server.message(topic("b", Channel.STATUS), word, retained=kept)])


def wait(server: InProcessServer, minutes: int) -> None:
    server.run_to(server.clock.now_ms + minutes * MINUTE_MS)


def stop_broker(server: InProcessServer, minutes: int) -> None:
    """Stop the broker: it says that all agents are gone, and nothing comes for these minutes."""
    says(server, b"offline")
    server.broker.up = False
    wait(server, minutes)


def start_broker(server: InProcessServer) -> None:
    server.broker.up = True
    server.turn([Connected()])


def told(server: InProcessServer) -> list[str]:
    return [one.notice.reason.value for one in server.notices()]


def silence_said(server: InProcessServer) -> str:
    """Return the stored text of the alert that no word comes."""
    (stored,) = [one for one in server.notices() if one.notice.reason is Reason.AGENT_SILENT]
    return stored.text


def test_a_broker_that_was_stopped_is_no_fault_of_a_bedside(ward: InProcessServer) -> None:
    stop_broker(ward, 9)
    start_broker(ward)
    says(ward, b"offline", kept=True)  # what the broker has kept of its end
    wait(ward, 2)
    assert "bedside_gone" not in told(ward)
    says(ward, b"online")
    ward.play("b", 10, well)
    assert "bedside_gone" not in told(ward)
    assert "agent_silent" not in told(ward)


def test_with_each_new_connection_an_agent_has_its_usual_time(ward: InProcessServer) -> None:
    """The writer need not have seen that the connection was away."""
    says(ward, b"offline")
    wait(ward, 4)
    ward.turn([Connected()])
    wait(ward, 3)
    says(ward, b"online")
    assert told(ward) == []


def test_a_bedside_that_does_not_come_back_with_the_broker_is_told(ward: InProcessServer) -> None:
    stop_broker(ward, 6)
    start_broker(ward)
    says(ward, b"offline", kept=True)
    wait(ward, 4)
    assert "bedside_gone" not in told(ward)
    wait(ward, 2)
    assert told(ward).count("bedside_gone") == 1
    (text,) = [one.text for one in ward.notices() if one.notice.reason == "bedside_gone"]
    assert text.startswith("The bedside has been off for 5 min.")
    wait(ward, 4)
    assert told(ward)[-1] == "agent_silent"  # 16 min after its last window, as ever


def test_what_was_told_before_the_broker_was_stopped_is_not_told_again(
    ward: InProcessServer,
) -> None:
    says(ward, b"offline")
    wait(ward, 7)
    stop_broker(ward, 2)
    start_broker(ward)
    wait(ward, 6)
    assert told(ward).count("bedside_gone") == 1
    says(ward, b"online")
    assert told(ward)[-1] == "back"


def test_a_server_that_starts_before_its_broker_tells_of_no_bedside(ward: InProcessServer) -> None:
    """What it knows of an agent is as old as its own end."""
    says(ward, b"offline")
    wait(ward, 1)
    ward.close()
    ward.clock.advance(5 * MINUTE_MS)
    ward.start()
    ward.broker.up = False
    wait(ward, 5)
    start_broker(ward)
    wait(ward, 1)
    says(ward, b"online")
    assert "bedside_gone" not in told(ward)


def test_a_bed_that_is_taken_back_has_its_usual_time_for_online(ward: InProcessServer) -> None:
    use(ward, b=AWAY)
    says(ward, b"offline")
    wait(ward, 10)
    use(ward, b={})
    wait(ward, 4)
    assert told(ward) == []
    wait(ward, 3)
    assert told(ward) == ["bedside_gone"]


def test_a_bed_that_is_taken_back_while_the_server_is_off_is_not_told_of_at_the_start(
    ward: InProcessServer,
) -> None:
    use(ward, b=AWAY)
    says(ward, b"offline")
    ward.close()
    ward.clock.advance(10 * MINUTE_MS)
    ward.settings = load(
        ServerSettings, {"zone": "UTC", "rehearsal": {"at": ""}, "beds": {"b": {}}}
    )
    ward.start()
    ward.turn([Connected()])
    wait(ward, 4)
    says(ward, b"online")
    assert told(ward) == []


def test_the_alert_that_no_word_comes_says_that_it_is_the_broker(ward: InProcessServer) -> None:
    stop_broker(ward, 17)
    (push,) = [push for _, _, push in ward.pushes.arrived if push.purpose == "loud"]
    assert push.text.startswith("No word from the bedside for 15 min. The server has no connection")
    assert "If no word comes after that, check the plug of the bedside." in push.text
    assert silence_said(ward) == push.text  # by `alerts explain` and to programs


def test_an_alert_of_a_bedside_says_nothing_of_a_broker_that_is_on(ward: InProcessServer) -> None:
    stop_broker(ward, 8)
    start_broker(ward)
    wait(ward, 9)
    (push,) = [push for _, _, push in ward.pushes.arrived if push.purpose == "loud"]
    assert push.text.endswith("Check the cable and the plug.")
    assert silence_said(ward).endswith("Check the cable and the plug.")


def test_people_hear_once_that_the_server_has_no_broker(ward: InProcessServer) -> None:
    stop_broker(ward, 4)
    assert told(ward) == []
    wait(ward, 2)
    assert told(ward) == ["no_broker"]
    (notice,) = ward.notices()
    assert "For 5 min the server" in notice.text
    assert "systemctl status mosquitto" in notice.text
    assert {arrived.push.purpose.value for arrived in ward.pushes.arrived} == {"quiet"}
    start_broker(ward)
    says(ward, b"online")
    ward.play("b", 3, well)
    stop_broker(ward, 8)
    assert told(ward).count("no_broker") == 1
