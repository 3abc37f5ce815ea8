"""A house whose agents are live, with a lamp in the log, a button to tap and the shipped rights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from tomlkit import dumps as dump

from end_to_end.house import (
    HASHER,
    LEGWATCH,
    MOSQUITTO,
    PASSWORD,
    House,
    Process,
    place,
    wait_until,
)
from legwatch_server.supervisor import mosquitto

EARS = ("ear", "late-ear")  # of the tests, beside the server: one user has one connection
USERS = ("server", "anna", "bert", "carl", "dora", "emil", *EARS)
SIMULATED: dict[str, Any] = {"signal": {"driver": "simulated"}}
BUTTON: dict[str, Any] = {"button": {"driver": "gpio_button", "pin": 13}, **SIMULATED}

# An agent whose button hangs at a pretended pin: the file `tap` presses it, for so many seconds.
PRETENDED = """
import sys, threading, time
from pathlib import Path
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from legwatch_device.app import main
Device.pin_factory = MockFactory()
tap = Path(sys.argv[1])
def finger():
    while "feed" not in [thread.name for thread in threading.enumerate()]:
        time.sleep(0.02)
    pin = Device.pin_factory.pin(13)
    while True:
        time.sleep(0.02)
        if tap.exists():
            pin.drive_low()
            time.sleep(float(tap.read_text()))
            pin.drive_high()
            tap.unlink()
threading.Thread(target=finger, daemon=True).start()
sys.exit(main(["--config", sys.argv[2]]))
"""


class Bedroom(House):
    """Its broker has the rights that are shipped: each agent speaks for its own bed only."""

    def _way(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "user": "server"}

    def broker(self) -> Process:
        assert MOSQUITTO
        folder = self.folder / "broker"
        folder.mkdir(exist_ok=True)
        _passwords(folder)
        conf = mosquitto.write(place(folder, self.port), folder)
        with (folder / "acl").open("a") as acl:
            acl.writelines(f"\nuser {ear}\ntopic readwrite legwatch/v1/#\n" for ear in EARS)
        process = self._start((MOSQUITTO, "-c", str(conf)), "broker")
        wait_until(self._broker_answers, "the broker's port", 10)
        return process

    def bed(self, name: str, *, ready: bool = True, tap: bool = False, **settings: Any) -> Process:
        """Start a live agent; `tap` gives it a button at a pretended pin."""
        path = self.folder / f"agent-{name}.toml"
        table = {
            "bed": name,
            "state_dir": str(self.folder / f"agent-{name}"),
            "window_s": 1,
            "clock": "trusted",
            "mqtt": {"host": "127.0.0.1", "port": self.port, "user": name},
            "sensors": {"leg": {"driver": "simulated"}},
            **settings,
        }
        path.write_text(dump(table))
        words: tuple[str, ...] = (*LEGWATCH, "agent", "--config", str(path))
        if tap:
            words = (sys.executable, "-c", PRETENDED, str(self.folder / "tap"), str(path))
        before = self.heard(name)
        process = self._start(words, f"agent-{name}", {"LEGWATCH_MQTT_PASSWORD": PASSWORD})
        if ready:
            wait_until(lambda: self.heard(name) > before, f"{name}'s subscription")
        return process

    def heard(self, bed: str) -> int:
        """Return how often the agent of a bed has subscribed to its commands."""
        return self.broker_log().count(f"legwatch/v1/{bed}/cmd (QoS 1)")

    def broker_log(self) -> str:
        log = self.folder / "broker.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def tap(self, seconds: float = 0) -> None:
        """Press the pretended button and wait until it is released."""
        finger, part = self.folder / "tap", self.folder / "tap.part"
        part.write_text(str(seconds))
        part.rename(finger)
        wait_until(lambda: not finger.exists(), "the finger")

    def spool(self, bed: str) -> Path:
        return self.folder / f"agent-{bed}" / "spool.db"


class Ear:
    """Hears a channel of every bed, in a session that the broker keeps: as the server does."""

    def __init__(self, bedroom: Bedroom, channel: str, user: str = "ear") -> None:
        self.heard: list[tuple[bytes, bool, int]] = []  # with retain and QoS
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"ear-{user}-{channel.replace('/', '-')}",
            clean_session=False,
            protocol=mqtt.MQTTv311,
        )
        self.client.username_pw_set(user, PASSWORD)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_message = lambda _c, _d, m: self.heard.append(
            (bytes(m.payload), m.retain, m.qos)
        )
        ready: list[int] = []
        self.client.on_connect = lambda c, *_: c.subscribe(f"legwatch/v1/+/{channel}", qos=1)
        self.client.on_subscribe = lambda _c, _d, mid, *_: ready.append(mid)
        self.client.connect("127.0.0.1", bedroom.port)
        self.client.loop_start()
        wait_until(lambda: ready, "the ear", 10)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for payload, _, _ in self.heard]

    def say(self, name: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(name, payload, qos=1, retain=retain).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def did(agent: Process) -> list[str]:
    """Return what the simulated lamp and buzzer did, in order."""
    lines = [line for line in agent.said().splitlines() if "signal: " in line]
    return [line.split("signal: ")[1].removeprefix("the ") for line in lines]


def _passwords(folder: Path) -> Path:
    assert HASHER
    path = folder / "passwords"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text("".join(f"{user}:{PASSWORD}\n" for user in USERS))
        subprocess.run([HASHER, "-U", str(path)], check=True, capture_output=True)
    return path
