"""An MQTT client that reads many messages at once, and acknowledges many in one piece.

paho reads a message in several small calls, and looks into it in many steps: that is most of what a
window costs. Here one call reads all that has come, and published messages go to their reader in
lists. Everything else stays paho's: connecting, TLS, keep-alive, subscribing, publishing, and what
the broker answers to it, in the order in which it came.

While `full` says so, nothing is read: the broker keeps the messages, and may have only so many
unacknowledged.
"""

import logging
import struct
import time
from collections.abc import Callable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from legwatch_server.ingest.packets import ProtocolError, Published, Splitter

logger = logging.getLogger(__name__)

BLOCK_BYTES = 64 * 1024
UNACKNOWLEDGED = 4000  # messages that a broker may send ahead: more than may wait for the writer
FOR_EVER = 0xFFFF_FFFF  # of a session in MQTT 5
PAUSE_S = 0.02  # between two looks whether there is room again
PUBACK = 0x40
_PUBACK = PUBACK << 24 | 2 << 16  # with the message's number it is the whole packet


class BulkClient(mqtt.Client):
    """`take` gets the messages, on the thread that calls `loop`; there is no `on_message`.

    The next connection speaks MQTT 5, or MQTT 3.1.1 while `older` is set. In both the broker keeps
    the session.
    """

    def __init__(
        self,
        *,
        client_id: str,
        take: Callable[[Sequence[Published]], None],
        full: Callable[[], bool],
    ) -> None:
        self._take, self._full = take, full
        self.fault = ""  # why this connection was ended here
        self.older = False
        self._splitter, self._answer = Splitter(newer=True), b""
        # Without `reconnect_on_failure`: else the library tries a third version by itself.
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        self._asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        self._asked.ReceiveMaximum = UNACKNOWLEDGED
        self._asked.SessionExpiryInterval = FOR_EVER

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew: nothing of the old connection is left, also no half of a packet."""
        self._splitter, self._answer, self.fault = Splitter(newer=not self.older), b"", ""
        # paho takes these once, for all its connections.
        self._protocol = mqtt.MQTTv311 if self.older else mqtt.MQTTv5
        self._clean_session = self._clean_start = False
        self._connect_properties = self._asked
        return super().reconnect()

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Acknowledge messages of QoS 1 of this connection; any thread may do so."""
        if mids:
            packets = struct.pack(f">{len(mids)}I", *[_PUBACK | mid for mid in mids])
            self._packet_queue(PUBACK, packets, mids[-1], 1)

    def _packet_read(self) -> MQTTErrorCode:
        """Read one block; paho's own reader gets the packets that are no messages."""
        if self._full():
            return self._hold()
        try:
            block = super()._sock_recv(BLOCK_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError as error:
            logger.debug("the connection to the broker broke: %s", error)
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not block:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        self._heard()
        try:
            return self._hand_on(block)
        except ProtocolError as error:
            self.fault = str(error) if self.is_connected() else ""  # else it is no broker at all
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _hand_on(self, block: bytes) -> MQTTErrorCode:
        for piece in self._splitter.split(block):
            if isinstance(piece, list):
                self._take(piece)
                continue
            self._answer = piece
            code = super()._packet_read()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
        return MQTTErrorCode.MQTT_ERR_AGAIN

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give paho's reader its part of the packet that is meant for it."""
        part, self._answer = self._answer[:bufsize], self._answer[bufsize:]
        return part

    def _heard(self) -> None:
        with self._msgtime_mutex:
            self._last_bytes_received = mqtt.time_func()  # paho's own clock

    def _hold(self) -> MQTTErrorCode:
        """Wait for room. Who does not read hears no answer to a ping: that is not silence."""
        self._heard()
        self._ping_t = 0.0
        time.sleep(PAUSE_S)
        return MQTTErrorCode.MQTT_ERR_AGAIN
