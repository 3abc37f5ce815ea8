"""`legwatch sensors --broker`: what is published in a house, by a real broker."""

import json
import os
import subprocess

from end_to_end.house import LEGWATCH, House, wait_until


def asked(house: House, *words: str, password: str) -> "subprocess.CompletedProcess[str]":
    line = [*LEGWATCH, "sensors", "--broker", "127.0.0.1", "--port", str(house.port), *words]
    env = {"LEGWATCH_SENSORS_PASSWORD": password}
    return subprocess.run(
        line, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **env}
    )


def test_what_is_published_in_the_house_is_found(house: House) -> None:
    house.broker()
    client = house.publisher()
    kept = {
        "zigbee2mqtt/leg": json.dumps({"temperature": 30.25, "humidity": 50}),
        "zigbee2mqtt/bed": json.dumps({"action": "tilt"}),
        "house/door": "open",
        "big": "x" * 20_000,
    }
    for topic, payload in kept.items():
        client.publish(topic, payload, qos=1, retain=True).wait_for_publish(10)
    done = asked(house, "--user", "house", "--seconds", "2", "--json", password="not-a-secret")
    found = json.loads(done.stdout)
    assert [(one["kind"], one["options"]["topic"]) for one in found] == [
        ("movement", "zigbee2mqtt/bed"),
        ("thermometer", "zigbee2mqtt/leg"),
    ]
    broker = {"host": "127.0.0.1", "user": "house", "port": house.port}
    assert found[0]["options"]["broker"] == broker
    wrong = asked(house, "--user", "house", "--seconds", "2", password="wrong")
    assert (wrong.returncode, "wrong user or password for 'house'" in wrong.stderr) == (1, True)
    nothing = asked(house, "--seconds", "2", password="")
    assert (nothing.returncode, "it wants a user name" in nothing.stderr) == (1, True)
    client.disconnect()
    client.loop_stop()
    wait_until(lambda: not client.is_connected(), "our own end", 10)
