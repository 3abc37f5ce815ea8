"""A bare paho subscriber: it takes each message and does nothing with it.

It is given a port and a folder, and writes the number of messages that it has had into the folder's
file `count`, many times a second.
"""

import struct
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

count = 0


def take(_client: object, _data: object, _message: object) -> None:
    """Count a message."""
    global count  # noqa: PLW0603 - the cheapest callback there is
    count += 1


def main(port: int, folder: Path) -> None:
    """Take messages until somebody ends this."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="subject", clean_session=False)
    client.on_message = take

    def subscribe(*_: Any) -> None:
        client.subscribe("legwatch/v1/+/window", 1)

    client.on_connect = subscribe
    client.connect("127.0.0.1", port)
    said_s = 0.0
    with (folder / "count").open("wb", buffering=0) as out:
        while client.loop(0.05) == mqtt.MQTT_ERR_SUCCESS:
            if time.monotonic() - said_s > 0.01:
                said_s = time.monotonic()
                out.seek(0)
                out.write(struct.pack("q", count))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
