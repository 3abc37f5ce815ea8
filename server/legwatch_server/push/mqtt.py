"""The bedside channel: a lamp or buzzer at the bed, switched through the agent by MQTT.

A command goes out once, with QoS 0: a broker that keeps it for later would light a lamp for an
alert that is over. What counts is the agent's own answer; without one the push is tried again
under the same id, on which the agent acts only once.
"""

import logging
import queue
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from legwatch.command import Cmd, Command, Loudness, Result, decode_result, encode_command
from legwatch.errors import SettingsError, WireError
from legwatch.escalation import Tone
from legwatch.topics import ROOT, Channel, check_bed, split, topic
from legwatch_server.push import Permanent, Push, Retryable, Sent
from legwatch_server.settings import ServerSettings, secret

logger = logging.getLogger(__name__)

CHANNEL = "mqtt"
LONGEST_WAIT_S = 5  # between two tries to connect: a broker in the house is soon back


class _Asked(NamedTuple):
    """Whose answer to which command is awaited."""

    bed: str
    id: str


class Bedside:
    """Keeps one connection from the first push on; every thread waits for its own answer."""

    def __init__(self, settings: ServerSettings) -> None:
        for name, person in settings.everybody().items():
            _check_address(name, person.address.get(CHANNEL, ""))
        self._mqtt, self._timeout_s = settings.mqtt, settings.push.mqtt.timeout_s
        self._password = secret("LEGWATCH_MQTT_PASSWORD")
        self._lock = threading.Lock()  # of the next two; never held while paho is called back
        self._client: mqtt.Client | None = None
        self._awaited: dict[_Asked, queue.SimpleQueue[Result]] = {}
        self._ready = threading.Event()  # the broker has our subscription
        self._why = "no answer"

    def send(self, push: Push) -> Sent:
        """Light the lamp, or put it out when somebody has answered or it is over."""
        if push.tone is Tone.INFO:
            ident, _ = self._ask(push, Cmd.CALM)
        else:
            loud = push.tone is Tone.LOUD
            ident, _ = self._ask(push, Cmd.NUDGE, Loudness.LOUD if loud else Loudness.QUIET)
        return Sent(receipt=ident, delivered=True)

    def withdraw(self, push: Push, receipt: str) -> None:
        """Put out the lamp, unless it is lit for another alert too."""
        del receipt  # the thread says what is over
        self._ask(push, Cmd.CALM)

    def rehearse(self, push: Push) -> str:
        """Blink twice, without a sound; return what the bedside said."""
        _, said = self._ask(push, Cmd.IDENTIFY)
        return said or "blinked"

    def close(self) -> None:
        """End the connection; the next push makes a new one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
        self._ready.clear()

    def _ask(self, push: Push, cmd: Cmd, tone: Loudness = Loudness.QUIET) -> tuple[str, str]:
        """Return the command's id and what was said with the yes."""
        end_s = time.monotonic() + self._timeout_s
        bed = _bed(push)
        thread = "" if cmd is Cmd.IDENTIFY else push.thread
        command = Command(_ident(push, cmd), cmd, tone, thread)
        client = self._connected()
        if not self._ready.wait(max(0.0, end_s - time.monotonic())):
            where = f"{self._mqtt.host}:{self._mqtt.port}"
            raise Retryable(f"no broker at {where}: {self._why}")
        with self._awaiting(_Asked(bed, command.id)) as answer:
            out = client.publish(topic(bed, Channel.CMD), encode_command(command), qos=0)
            if out.rc != mqtt.MQTT_ERR_SUCCESS:
                raise Retryable("the broker was lost in this moment")
            try:
                result = answer.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                raise Retryable(f"the agent of {bed} does not answer") from None
        if not result.ok:
            raise Permanent(f"the agent of {bed} cannot do it: {result.why or 'no reason given'}")
        return command.id, result.why

    @contextmanager
    def _awaiting(self, asked: _Asked) -> Iterator["queue.SimpleQueue[Result]"]:
        answer: queue.SimpleQueue[Result] = queue.SimpleQueue()
        with self._lock:
            self._awaited[asked] = answer
        try:
            yield answer
        finally:
            with self._lock:
                self._awaited.pop(asked, None)

    def _connected(self) -> mqtt.Client:
        """Return the client; the first call makes it, and from then on paho keeps it connected."""
        with self._lock:
            if self._client is None:
                self._client = self._make()
                where = self._mqtt
                self._client.connect_async(where.host, where.port, where.keepalive_s)
                self._client.loop_start()
            return self._client

    def _make(self) -> mqtt.Client:
        settings = self._mqtt
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{settings.client_id}-bedside",
            clean_session=True,
            protocol=mqtt.MQTTv311,
        )
        if settings.user:
            client.username_pw_set(settings.user, self._password or None)
        if settings.ca_file:
            client.tls_set(settings.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.reconnect_delay_set(1, LONGEST_WAIT_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            self._why = str(code)
            return
        client.subscribe(f"{ROOT}/+/{Channel.RESULT.value}", qos=1)

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        self._why = "it cannot be reached"

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[Any], _properties: object
    ) -> None:
        if any(code.is_failure for code in codes):
            self._why = "it does not let us hear the agents' answers"
            return
        self._ready.set()

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if self._ready.is_set() and code.is_failure:  # a refusal has said why already
            self._why = str(code)
        self._ready.clear()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            return  # an answer of an unknown age
        try:
            bed, _ = split(message.topic)
            result = decode_result(message.payload)
        except (WireError, UnicodeDecodeError) as error:
            logger.warning("bedside: %s", error)
            return
        with self._lock:
            answer = self._awaited.get(_Asked(bed, result.id))
        if answer is not None:
            answer.put(result)


def _ident(push: Push, cmd: Cmd) -> str:
    """Return an id that is the same at every attempt, and belongs to no other push ever."""
    return f"{cmd.value[0]}{push.id}-{push.thread}"[:64]


def _bed(push: Push) -> str:
    bed = push.to or push.bed
    if not bed:  # an evening's test is about a person, not about a bed
        raise Permanent("which bed? people.<name>.address.mqtt must name it")
    try:
        return check_bed(bed)
    except WireError as error:
        raise Permanent(str(error)) from None


def _check_address(name: str, bed: str) -> None:
    try:
        if bed:
            check_bed(bed)
    except WireError as error:
        raise SettingsError(f"people.{name}.address.{CHANNEL}", str(error)) from None
