"""Why there is no connection, at a real broker: both sides say it, with the key that sets it."""

import gc
import json
import os
import queue
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from end_to_end.authority import HOST, Authority
from end_to_end.house import HASHER, MOSQUITTO, free_port, wait_until
from legwatch.contract.topics import Channel
from legwatch_device.broker_link import BrokerLink
from legwatch_device.settings import MqttTable
from legwatch_server.inbox import Connected
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.settings import BrokerTable
from legwatch_server.supervisor.mosquitto import acl
from legwatch_server.timeline import Timeline
from repository import miss

PASSWORD = "not-a-secret"
Said = pytest.LogCaptureFixture
# After a failed handshake paho leaves the socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _collect() -> Iterator[None]:
    """Let the library's sockets go while the filter above holds."""
    yield
    gc.collect()


class RealBroker:
    """mosquitto with the shipped rights, with TLS or without."""

    def __init__(
        self,
        folder: Path,
        certificate: Path | None = None,
        port: int | None = None,
        rights: str = "",
        more: str = "",
    ) -> None:
        assert MOSQUITTO is not None
        self.port = port or free_port()
        (folder / "acl").write_text(rights or acl())
        passwords = folder / "passwords"
        passwords.touch()
        for user in ("server", "anna"):
            subprocess.run([str(HASHER), "-b", passwords, user, PASSWORD], check=True)
        lines = [
            f"listener {self.port} {HOST}",
            "allow_anonymous false",
            f"password_file {passwords}",
            f"acl_file {folder / 'acl'}",
            "use_username_as_clientid true",
        ]
        if more:
            lines = [lines[0], more]
        if os.geteuid() == 0:
            lines.append("user root")
        if certificate is not None:
            lines += [f"certfile {certificate}", f"keyfile {certificate.with_suffix('.key')}"]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", folder / "mosquitto.conf"], stdout=quiet, stderr=quiet
        )

    def __enter__(self) -> Self:
        wait_until(self._listens, "the broker's port", 10)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@contextmanager
def both(port: int, **mqtt: Any) -> Iterator[None]:
    """Let a server and an agent connect."""
    password = mqtt.pop("password", PASSWORD)
    table = {"host": HOST, "port": port, **mqtt}
    server = BrokerConnection(
        BrokerTable(**{"user": "server", **table}),
        password,
        lambda _request: None,
        Timeline().stamp,
    )
    agent_table = MqttTable(**{"user": "anna", **table})
    link = BrokerLink("anna", agent_table, password, queue.Queue())
    server.start()
    link.start()
    try:
        yield
    finally:
        link.stop()
        server.stop()


def reasons(caplog: Said) -> list[str]:
    """Return what the log says of the broker; the two sides differ in what they do meanwhile."""
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("broker ")]


def told_by_both(caplog: Said, sentence: str) -> None:
    """Wait until both have said it; each says it once, and nothing else."""
    wait_until(lambda: len(reasons(caplog)) >= 2, f"both to say: {sentence}", 10)
    time.sleep(1.5)  # the next tries say nothing new
    assert sorted(line.rpartition("; ")[2] for line in reasons(caplog)) == [
        "the agent keeps the windows and sends them later",
        "trying again",
    ]
    assert [line for line in reasons(caplog) if sentence not in line] == []


Sign = Callable[[Authority, Authority], Path]
CERTIFICATES: dict[str, tuple[Sign, str]] = {
    "expired": (
        lambda good, _other: good.sign("expired", days=(-9, -1)),
        "its certificate has expired: is the clock of this machine right?",
    ),
    "early": (
        lambda good, _other: good.sign("early", days=(1, 9)),
        "its certificate is not valid yet: is the clock of this machine right?",
    ),
    "another address": (
        lambda good, _other: good.sign("elsewhere", host="192.0.2.7"),
        "its certificate is for another address than mqtt.host = 127.0.0.1",
    ),
    "another authority": (
        lambda _good, other: other.sign("foreign"),
        "the authority of its certificate is unknown to mqtt.ca_file = ",
    ),
    "for a client": (
        lambda good, _other: good.sign("client", usage=ExtendedKeyUsageOID.CLIENT_AUTH),
        "its certificate is not one for a server",
    ),
    "self-signed": (
        lambda good, _other: good.sign("alone", by_itself=True),
        "its certificate is signed by itself, and mqtt.ca_file = ",
    ),
}


@pytest.mark.parametrize("case", CERTIFICATES)
def test_what_is_wrong_with_a_certificate(
    case: str, tmp_path: Path, caplog: Said, mosquitto: None
) -> None:
    sign, sentence = CERTIFICATES[case]
    good = Authority(tmp_path, "authority")
    certificate = sign(good, Authority(tmp_path, "other"))
    with RealBroker(tmp_path, certificate) as broker, both(broker.port, ca_file=str(good.file)):
        told_by_both(caplog, sentence)


@pytest.mark.parametrize(
    ("tls", "mqtt", "sentence"),
    [
        (False, {"password": "wrong"}, "wrong user or password for '"),
        (False, {"password": ""}, ": LEGWATCH_MQTT_PASSWORD is not set (the units set it from"),
        (False, {"user": ""}, "it wants a user name and a password (mqtt.user, LEGWATCH_MQTT_PASS"),
        (False, {"host": "no-such-host.invalid"}, "the name mqtt.host = no-such-host.invalid is"),
        (False, {"ca_file": "authority.crt"}, "does it speak TLS on this port? mqtt.ca_file asks"),
        (True, {}, "it had answered: does this port want TLS? Then set mqtt.ca_file"),
    ],
    ids=[
        "password",
        "no password",
        "no user",
        "name",
        "TLS on a plain port",
        "plain on a TLS port",
    ],
)
def test_what_is_wrong_with_the_settings(
    tls: bool, mqtt: dict[str, Any], sentence: str, tmp_path: Path, caplog: Said, mosquitto: None
) -> None:
    authority = Authority(tmp_path, "authority")
    certificate = authority.sign("good") if tls else None
    if "ca_file" in mqtt:
        mqtt = {**mqtt, "ca_file": str(authority.file)}
    with RealBroker(tmp_path, certificate) as broker, both(broker.port, **mqtt):
        told_by_both(caplog, sentence)


def test_each_change_of_the_reason_is_said(tmp_path: Path, caplog: Said, mosquitto: None) -> None:
    port = free_port()
    with both(port, password="wrong"):
        wait_until(lambda: len(reasons(caplog)) == 2, "no broker", 10)
        assert all("nothing listens at" in line for line in reasons(caplog))
        with RealBroker(tmp_path, port=port):
            wait_until(lambda: len(reasons(caplog)) == 4, "a wrong password", 10)
        assert all("wrong user or password" in line for line in reasons(caplog)[2:])


def test_rights_that_grant_the_subscription_and_drop_the_windows_are_silence(
    tmp_path: Path, mosquitto: None
) -> None:
    """The broker says yes, and brings nothing: then only the silence tells."""
    heard: list[object] = []
    table = BrokerTable(host=HOST, user="server")
    with RealBroker(tmp_path, rights="user anna\ntopic write legwatch/v1/anna/#\n") as broker:
        table = replace(table, port=broker.port)
        server = BrokerConnection(table, PASSWORD, heard.append, Timeline().stamp)
        server.start()
        assert server.ready(10) == ""
        link = BrokerLink(
            "anna", MqttTable(host=HOST, port=broker.port, user="anna"), PASSWORD, queue.Queue()
        )
        link.start()
        link.open()
        wait_until(lambda: link.send(Channel.STATUS, b"online"), "the agent", 10)
        time.sleep(1)
        silent_s = server.silent_s()
        link.stop()
        server.stop()
    assert silent_s >= 1
    assert heard == [Connected()]
    assert server.story.concerns() == []


def test_refused_subscriptions_are_said_on_both_sides(
    tmp_path: Path, caplog: Said, mosquitto: None
) -> None:
    """A file of rights cannot do this at mosquitto, but its plugin and other brokers can."""
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None)
    if plugin is None:
        miss("mosquitto_dynamic_security.so is not in /usr/lib: sudo apt install mosquitto")
    access = {"publishClientSend": True, "publishClientReceive": True, "unsubscribe": True}
    rights = tmp_path / "rights.json"
    rights.write_text(json.dumps({"defaultACLAccess": {**access, "subscribe": False}}))
    lines = f"allow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {rights}\n"
    with RealBroker(tmp_path, more=lines) as broker, both(broker.port, user=""):
        wait_until(lambda: len(reasons(caplog)) >= 2, "both", 10)
    said = "\n".join(reasons(caplog))
    assert "it refuses the subscriptions: may this client read legwatch/v1/# (its ACL)?" in said
    assert "it refuses the subscriptions: the user of bed anna is anna (mqtt.user = none)" in said
