"""Messages of the wire: good ones are read and written as ever, bad ones are refused as ever."""

import base64
import json
from collections import Counter

import pytest

from fences.kept import HERE, NIGHTS, Line, limits, lines
from fences.wiring import Refused, again, command

HOME = HERE / "wire"
GOOD, BAD = lines(HOME / "good.jsonl.gz"), lines(HOME / "bad.jsonl.gz")
CHANNELS = ("window", "event", "stored", "cmd", "cmd/result", "topic")


def payload(line: Line) -> bytes:
    return base64.b64decode(line["base64"]) if "base64" in line else line["payload"].encode()


def test_there_are_messages_of_every_channel() -> None:
    for kept in (GOOD, BAD):
        counts = Counter(line["channel"] for line in kept)
        assert min(counts[channel] for channel in CHANNELS) >= 8


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_good_message_is_written_again_byte_for_byte(channel: str) -> None:
    for line in GOOD:
        if line["channel"] == channel:
            once = again(channel, payload(line))
            assert once.decode() == line["again"], line
            if channel != "topic":
                assert again(channel, once) == once, line


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_bad_message_is_refused(channel: str) -> None:
    for line in BAD:
        if line["channel"] == channel and not is_a_fault_of_a_sensor(line):
            with pytest.raises(Refused):
                raise AssertionError(f"{line} is read as {again(channel, payload(line))!r}")


def is_a_fault_of_a_sensor(line: Line) -> bool:
    """Return True for a window in which only a number is out of the range of its sensor."""
    if line["channel"] != "window":
        return False
    try:
        return bool(json.loads(again("window", payload(line))).get("faults"))
    except Refused:
        return False


def test_a_number_out_of_range_was_refused_and_is_a_fault_of_its_sensor_now() -> None:
    faults = [line for line in BAD if is_a_fault_of_a_sensor(line)]
    assert faults
    for line in faults:
        once, then = json.loads(again("window", payload(line))), json.loads(payload(line))
        gone = {key for key in then if then[key] is not None and key not in once}
        sensors = {key.split("_")[0] for key in gone}
        assert gone, line
        assert {"movement" if s in ("moves", "moved", "active") else s for s in sensors} <= set(
            once["faults"]
        )


def test_a_replay_prints_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    night = str(NIGHTS / "body/body-3-0001-uncovered_both.csv.gz")
    own = [f"--set={key}={value}" for key, value in limits("standard").items()]
    words = ["--format", "jsonl", "--bed", "anna", "--tz", "Europe/Berlin"]
    assert command(["replay", night, *words, *own]) == 0
    said = capsys.readouterr().out.splitlines(keepends=True)
    then = [line for line in said if '"what":"warming"' not in line]  # nobody said so then
    assert "".join(then) == (HOME / "replay.jsonl").read_text()
    assert len(said) > len(then)
