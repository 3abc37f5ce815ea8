"""What an agent says of itself can be read by newer and older servers."""

import json
from typing import Any

import pytest

from legwatch.bedside import Bedside, known, to_json
from legwatch.contract.bedside_info import BedsideInfo, decode_info, encode_info
from legwatch.contract.failing import Failing
from legwatch.contract.fields import MAX_PAYLOAD_BYTES
from legwatch.contract.roles import ROLES
from legwatch.errors import WireError

FAILING = (
    Failing("leg", 240, (("checksum", 7), ("no_answer", 1)), 2),
    Failing("movement", 0, (), 1),
)
INFO = BedsideInfo("1.2", "0000000a", "synced", 3, 10, (("leg", "dht22"),), failing=FAILING)


def test_failing_sensors_come_as_they_were_sent() -> None:
    assert decode_info(encode_info(INFO)) == INFO


def test_what_an_older_agent_says_is_read() -> None:
    assert decode_info(b'{"v":1,"version":"1.0","boot":"0000000a"}').failing == ()


def test_an_agent_whose_sensors_are_well_says_what_it_said_before() -> None:
    assert "failing" not in json.loads(encode_info(INFO._replace(failing=())))


def test_an_older_server_ignores_what_it_does_not_know() -> None:
    body = json.loads(encode_info(INFO)) | {"of_tomorrow": {"a": [1]}}
    assert decode_info(json.dumps(body).encode()) == INFO


def test_all_sensors_that_fail_for_long_reasons_fit_into_a_message() -> None:
    why = tuple((letter * 64, 10**6) for letter in "abc")
    failing = tuple(Failing(role.name, 10**6, why, 1000) for role in ROLES)
    full = INFO._replace(failing=failing, button="b" * 200, lamp="l" * 200)
    assert len(encode_info(full)) < MAX_PAYLOAD_BYTES
    assert decode_info(encode_info(full)) == full


def test_a_store_of_a_version_that_did_not_know_it_is_read() -> None:
    stored = json.loads(to_json(Bedside(INFO)))
    stored[0] = stored[0][:-1]
    assert known(json.dumps(stored)) == Bedside(INFO)
    stored[0] = stored[0][:-1]
    assert known(json.dumps(stored)) == Bedside(INFO._replace(failing=()))
    assert known(to_json(Bedside(INFO))) == Bedside(INFO)


@pytest.mark.parametrize(
    "failing",
    [
        [],
        {"leg": 3},
        {"leg": {"readings": 3, "reopened": 0}},
        {"leg": {"readings": -1, "why": {}, "reopened": 0}},
        {"leg": {"readings": 3, "why": {"checksum": True}, "reopened": 0}},
        {"leg": {"readings": 3, "why": dict.fromkeys("abcd", 1), "reopened": 0}},
        {str(n): {"readings": 3, "why": {}, "reopened": 0} for n in range(33)},
    ],
)
def test_what_cannot_be_is_refused(failing: Any) -> None:
    with pytest.raises(WireError):
        decode_info(json.dumps({"v": 1, "failing": failing}).encode())


def test_control_characters_of_an_agent_reach_no_terminal() -> None:
    body = {"v": 1, "failing": {"l\x1beg": {"readings": 3, "why": {"a\x1bb": 1}, "reopened": 0}}}
    (found,) = decode_info(json.dumps(body).encode()).failing
    assert "\x1b" not in f"{found.place} {found}"


def test_which_sensors_make_their_values_comes_as_it_was_sent() -> None:
    assert "made" not in json.loads(encode_info(INFO))
    made = INFO._replace(made=("leg", "movement"))
    assert decode_info(encode_info(made)) == made
    assert known(to_json(Bedside(made))) == Bedside(made)


@pytest.mark.parametrize("made", [None, "leg", {"leg": 1}, [3], ["l" * 65], ["leg"] * 33])
def test_a_wrong_list_of_sensors_that_make_their_values_is_refused(made: Any) -> None:
    with pytest.raises(WireError, match=r"^made: "):
        decode_info(json.dumps({"v": 1, "made": made}).encode())
