"""The only file of the fences that knows names inside legwatch: a rename is mended here.

Whatever goes in or comes out of it is what is stored, sent or seen: bytes, JSON, rows and texts.
"""

import json
from datetime import UTC
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from fences.kept import Line, limits, opened
from legwatch import engine, state_codec
from legwatch.__main__ import main
from legwatch.alerting.notice import as_json
from legwatch.bed import Found
from legwatch.contract.bed_rules import BedRules, encode_rules
from legwatch.contract.bedside_command import (
    decode_command,
    decode_result,
    encode_command,
    encode_result,
)
from legwatch.contract.confirmation import decode_stored, encode_stored
from legwatch.contract.press import decode_press, encode_press
from legwatch.contract.topics import Channel, split, topic
from legwatch.contract.window import decode_window, encode_window
from legwatch.errors import WireError
from legwatch.events import Ack, AlertKind, Away, Event, Snooze, Tick, Window
from legwatch.limits.rules import Rules
from legwatch.recording import events, parse
from legwatch.text.message import text
from legwatch_runtime.profiles import rules_for
from legwatch_server.publish.mqtt import alert_payload, state_payload

BED = "bed"
Refused = WireError
Happening = Event
command = main
CHANNELS = tuple(channel.value for channel in Channel)

# ---- one bed: states, events, notices, views


@cache
def _rules(profile: str, own: str, zone: str) -> Rules:
    """Return the limits of today, whatever a later profile says; new ones are as they come."""
    return rules_for(profile, {**limits(profile), **json.loads(own)}, ZoneInfo(zone))


class Sleeper:
    """One bed with its limits; `said` are the notices of the last event as JSON lines."""

    def __init__(self, profile: str, own: Line, zone: str, state: str | None, *, learned: bool):
        self._rules = _rules(profile, json.dumps(own), zone)
        self._state = state_codec.from_json(state) if state else engine.start(trial_over=learned)
        self.said: list[str] = []

    def take(self, event: Event) -> None:
        self._state, notices = engine.advance(self._state, event, self._rules)
        self.said = [as_json(notice, bed=BED, text=text(notice)) for notice in notices]

    def state(self) -> str:
        return state_codec.to_json(self._state)

    def shown(self) -> list[str]:
        """Return what is published of the bed, one line a topic."""
        seen = engine.view(self._state)
        if seen is None:
            return []
        alerts = {topic(BED, Channel.ALERT, a.kind.value): alert_payload(a) for a in seen.alerts}
        every = {**alerts, topic(BED, Channel.STATE): state_payload(seen)}
        return [f"{name} {payload.decode()}" for name, payload in every.items()]


def as_kept_in_v1(state: str) -> str:
    """Return a stored state in the form of today, without what version 1 did not keep."""
    read = state_codec.from_json(state)
    found = Found(legs=read.bed.found.legs)
    return state_codec.to_json(read._replace(bed=read.bed._replace(found=found)))


def told_of(state: str) -> str:
    """Return what a stored state knows of its alerts and of what people were told."""
    bed = state_codec.from_json(state).bed
    return state_codec.encode((bed.alerts, bed.budget, bed.trial, bed.early_sign_ms))


def recorded(path: Path) -> list[Window]:
    """Return the windows of a recorded night."""
    with opened(path) as lines:
        found = events(parse(lines, zone=UTC))
        return [event for event in found if isinstance(event, Window)]


def moved(window: Window, by_ms: int, clock: str) -> Window:
    """Return a window at another time, by another clock."""
    return window._replace(from_ms=window.from_ms + by_ms, to_ms=window.to_ms + by_ms, clock=clock)


def when_ms(event: Event) -> int:
    return event.at_ms


def said(line: Line) -> Event:
    """Return what a person or the clock says to a bed."""
    at_ms, kind = line["at_ms"], line.get("kind")
    about, episode_ms = AlertKind(kind) if kind else None, line.get("episode_ms")
    match line["say"]:
        case "seen" | "not useful":
            return Ack(at_ms, about, episode_ms, useful=line["say"] == "seen")
        case "quiet":
            until_ms = at_ms + line["minutes"] * 60_000
            standing = line.get("standing", False)
            return Snooze(at_ms, about, until_ms, standing=standing, episode_ms=episode_ms)
        case "away":
            return Away(at_ms)
    return Tick(at_ms)


# ---- the wire


def handed_over() -> bytes:
    """Return what a server hands over of a bed of which it knows nothing."""
    state = state_codec.to_json(engine.start())
    return encode_rules(BedRules('{"zone":"UTC"}', state))


def again(channel: str, payload: bytes) -> bytes:
    """Read a message and write it again; raises Refused."""
    match channel:
        case "window":
            return encode_window(decode_window(payload))
        case "event":
            return encode_press(decode_press(payload))
        case "stored":
            return encode_stored(decode_stored(payload))
        case "cmd":
            return encode_command(decode_command(payload))
        case "cmd/result":
            return encode_result(decode_result(payload))
        case "topic":
            return "\n".join(split(payload.decode())).encode()
    raise LookupError(channel)
