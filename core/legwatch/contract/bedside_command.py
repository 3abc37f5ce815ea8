"""The messages `cmd` and `cmd/result`: a signal for the bedside agent to show, and its answer.

An id names one command. If a command comes twice, the agent carries it out once and answers twice.
No command can harm: there is a light, a sound that ends by itself, and the end of both.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from legwatch.contract.fields import VERSION, parse
from legwatch.errors import WireError

LONGEST_WHY = 200
_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
_THREAD = re.compile(r"[a-z0-9-]{1,40}")


class Cmd(StrEnum):
    """What the bedside agent shall show."""

    NUDGE = "nudge"  # the lamp; loud: the lamp and the buzzer
    CALM = "calm"  # lamp and buzzer off
    IDENTIFY = "identify"  # two short blinks, without a sound


class Loudness(StrEnum):
    """Whether a nudge makes a sound."""

    QUIET = "quiet"
    LOUD = "loud"


@dataclass(frozen=True, slots=True)
class Command:
    """One command to one bedside agent. Only a nudge can be loud.

    `thread` names the alert of a nudge, [a-z0-9-]{1,40}. A calm with a thread ends the nudge of
    this alert only; a calm without a thread ends all nudges.
    """

    id: str
    cmd: Cmd
    loudness: Loudness = Loudness.QUIET
    thread: str = ""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of the command with this id. `why` is for people, and allowed also with `ok`."""

    id: str
    ok: bool
    why: str = ""


def encode_command(command: Command) -> bytes:
    """Return the JSON of a command."""
    thread = {"thread": command.thread} if command.thread else {}
    body = {"id": command.id, "cmd": command.cmd.value, "tone": command.loudness.value}
    return _dump(body | thread)


def decode_command(payload: bytes | bytearray) -> Command:
    """Return the command in `payload`; raises WireError naming the key that is wrong."""
    body = parse(payload)
    tone = body.get("tone", Loudness.QUIET.value)
    return Command(
        _id(body),
        Cmd(_one_of(body.get("cmd"), "cmd", Cmd)),
        Loudness(_one_of(tone, "tone", Loudness)),
        _thread(body),
    )


def encode_result(result: CommandResult) -> bytes:
    """Return the JSON of an answer; a long `why` is cut, unprintable characters become spaces."""
    why = "".join(c if c.isprintable() else " " for c in result.why[:LONGEST_WHY])
    return _dump({"id": result.id, "ok": result.ok, "why": why})


def decode_result(payload: bytes | bytearray) -> CommandResult:
    """Return the answer in `payload`; raises WireError naming the key that is wrong."""
    body = parse(payload)
    ok, why = body.get("ok"), body.get("why", "")
    if type(ok) is not bool:
        raise WireError("ok: true or false is expected")
    # Logs, tables and pages show `why`: only one printable line is safe.
    if type(why) is not str or len(why) > LONGEST_WHY or not why.isprintable():
        raise WireError(f"why: a line of at most {LONGEST_WHY} characters is expected")
    return CommandResult(_id(body), ok, why)


def _id(body: dict[str, Any]) -> str:
    ident = body.get("id")
    if type(ident) is not str or not _ID.fullmatch(ident):
        raise WireError("id: 1-64 letters, digits and - are expected")
    return ident


def _thread(body: dict[str, Any]) -> str:
    thread = body.get("thread", "")
    if type(thread) is not str or (thread and not _THREAD.fullmatch(thread)):
        raise WireError("thread: 1-40 small letters, digits and - are expected")
    return thread


def _one_of(value: object, key: str, known: type[StrEnum]) -> str:
    if type(value) is not str or value not in set(known):
        raise WireError(f"{key}: one of {', '.join(known)} is expected")
    return value


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps({"v": VERSION, **body}, separators=(",", ":")).encode()
