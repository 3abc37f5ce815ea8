"""Tries whether the broker of the house lets this bedside in, before anything of it is stored."""

import time
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from legwatch.errors import CannotRun
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.broker_reason import reason
from legwatch_runtime.clock import awake_s
from legwatch_runtime.mqtt import client as new_client

LONGEST_S = 40.0  # the broker hears of a new user within a second or two; a small Pi needs more
ANSWER_S = 10.0
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Account:
    """Where the broker is, and as whom we come; the same stands in the settings afterwards."""

    host: str
    port: int
    user: str
    ca_file: str
    server_name: str


def let_in(account: Account, password: str) -> None:
    """Return when the broker has let us in; raises CannotRun with its last reason."""
    end_s, waits = awake_s() + LONGEST_S, Backoff(0.5, 4.0)
    while why := _tried(account, password):
        if awake_s() > end_s:
            raise CannotRun(f"the server's broker does not let this bed in: {why}")
        time.sleep(waits.next_s())


def _tried(account: Account, password: str) -> str:
    """Connect once; return why the broker did not let us in, empty: it did."""
    said = list[ReasonCode]()
    client = new_client(account, password, account.user, clean_session=True)

    def on_connect(
        _client: object, _data: object, _flags: object, code: ReasonCode, _: object
    ) -> None:
        said.append(code)

    client.on_connect = on_connect
    try:
        client.connect(account.host, account.port)
        end_s = awake_s() + ANSWER_S
        while not said and awake_s() < end_s:
            if client.loop(LOOK_S) != mqtt.MQTT_ERR_SUCCESS:
                break
    except (OSError, ValueError) as error:
        return reason(error, account)
    finally:
        client.disconnect()
    if not said:
        return reason("it gave no answer", account)
    code = said[0]
    return reason(code, account) if code.is_failure else ""
