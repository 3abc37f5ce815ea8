"""An MQTT client whose memory no message can fill.

paho collects a whole packet before anybody sees it, and a client of MQTT 3.1.1 cannot name a limit:
one message of 170 MB would end a process that may have 128 MB. Here a long packet is read to its
end, but only its beginning is kept. The message goes on like any other, cut: its reader refuses it,
and it is acknowledged, so that the broker does not send it again at every connection.
"""

import time
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

# The longest topic (65,535 bytes) and more than any reader reads of a payload.
KEPT_BYTES = 72 * 1024
READ_BYTES = 64 * 1024
PAUSE_S = 0.02  # between two looks whether there is room again


class _Beginning(bytearray):
    """The first KEPT_BYTES of what is added; the rest is dropped."""

    def __iadd__(self, more: Any) -> Self:  # type: ignore[misc]  # `+` is not used
        self.extend(memoryview(more)[: max(0, KEPT_BYTES - len(self))])
        return self


class BoundedClient(mqtt.Client):
    """Reads packets of any length, keeps their beginning, and reads none while `full` says so.

    While nothing is read, the broker keeps the messages: it may have only so many unacknowledged.
    """

    def __init__(self, *args: Any, full: Callable[[], bool], **named: Any) -> None:
        self._full = full
        super().__init__(*args, **named)

    def _packet_read(self) -> MQTTErrorCode:
        if self._full():
            time.sleep(PAUSE_S)
            return MQTTErrorCode.MQTT_ERR_AGAIN
        if not isinstance(self._in_packet["packet"], _Beginning):  # paho takes a new one each time
            self._in_packet["packet"] = _Beginning(self._in_packet["packet"])
        return super()._packet_read()

    def _sock_recv(self, bufsize: int) -> bytes:
        return super()._sock_recv(min(bufsize, READ_BYTES))
