"""Publishes each bed over MQTT: what is stored, its state, and each firing alert."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence

from legwatch import engine
from legwatch.alerting.notice import iso
from legwatch.contract.bedside_command import encode_result
from legwatch.contract.confirmation import encode_stored
from legwatch.contract.fields import VERSION
from legwatch.contract.topics import RETAINED, Channel, topic
from legwatch.events import AlertKind
from legwatch_runtime.clock import Instant, instant
from legwatch_server.publish.confirmations import Confirmations
from legwatch_server.publish.port import BedUpdate, Committed
from legwatch_server.rest import Rest
from legwatch_server.transport import Outgoing, Publishes

logger = logging.getLogger(__name__)

STATES_A_S = 200  # the limit for `state` messages, which only dashboards read
_UNKNOWN = b"?"  # an alert of which nobody knows whether it was published

_encoder = json.JSONEncoder(separators=(",", ":"))


class MqttPublisher:
    """A `Listener` that publishes; the newest value of each topic is enough, so it drops others."""

    def __init__(self, transport: Publishes, now: Callable[[], Instant] = instant) -> None:
        self._transport, self._now = transport, now
        self._confirmations = Confirmations(now())
        self._states = _RateLimit(STATES_A_S, now())
        self._updates: dict[str, BedUpdate] = {}
        self._minutes: dict[str, int] = {}  # by bed: judged minutes at the last `state`
        self._ended: set[str] = set()  # beds of which the broker keeps nothing
        self._alerts: dict[str, dict[str, bytes]] = {}  # by bed and kind: payload last published

    def hear(self, committed: Committed) -> None:
        """Remember the newest state and confirmation of each bed; answer requests at once."""
        for update in committed.beds:
            self._updates[update.bed] = update
        for confirmation in committed.confirmations:
            self._confirmations.hear(confirmation)
        for bed, result in committed.results:
            self._transport.publish(Outgoing(topic(bed, Channel.RESULT), encode_result(result)))

    def repeat(self, beds: Sequence[BedUpdate]) -> None:
        """Publish all alerts again, firing or not: a crash may have prevented the last time."""
        for update in beds:
            self._alerts[update.bed] = dict.fromkeys(AlertKind, _UNKNOWN)
            self._updates[update.bed] = update

    def turn(self) -> bool:
        """Publish what waits; True: confirmations wait."""
        now = self._now()
        self._states.begin(now)
        for bed, stored in self._confirmations.due(now):
            payload, kept = encode_stored(stored), bed not in self._ended
            self._transport.publish(Outgoing(topic(bed, Channel.STORED), payload, retain=kept))
        for update in self._updates.values():
            try:
                self._publish_bed(update)
            except Exception:  # a fault in one bed must not stop the others
                logger.exception("could not publish the state of bed %s", update.bed)
        self._updates.clear()
        return self._confirmations.waits()

    def _publish_bed(self, update: BedUpdate) -> None:
        """Publish a bed once after each judged minute."""
        bed, minutes = update.bed, update.state.minutes
        known = self._alerts.get(bed) or {}
        if update.rest is not Rest.WATCHED:
            self._take_back(update, known)
            return
        if self._ended:
            self._ended.discard(bed)
        if minutes == self._minutes.get(bed, 0) and not (known and _UNKNOWN in known.values()):
            return
        self._minutes[bed] = minutes
        if not (known or self._states.left or any(update.state.bed.alerts.firing)):
            return  # nothing would be said: a view for each minute of a flood took 9 us
        view = engine.view(update.state)
        if view is None:
            return
        payloads = {alert.kind.value: alert_payload(alert) for alert in view.alerts}
        for kind in known.keys() | payloads.keys():
            payload = payloads.get(kind, b"")
            if known.get(kind) != payload:
                name = topic(bed, Channel.ALERT, kind)
                self._transport.publish(Outgoing(name, payload, sure=True, retain=True))
        self._keep(bed, payloads)
        if self._states.take():
            payload = state_payload(view, dict(update.others))
            self._transport.publish(Outgoing(topic(bed, Channel.STATE), payload))

    def _keep(self, bed: str, payloads: dict[str, bytes]) -> None:
        """Remember what was published of a bed; of most beds nothing was."""
        if payloads:
            self._alerts[bed] = payloads
        else:
            self._alerts.pop(bed, None)

    def _take_back(self, update: BedUpdate, known: Mapping[str, bytes]) -> None:
        """Take back what the broker keeps of a bed at rest: its alerts; if it is ended, all."""
        bed = update.bed
        names = [topic(bed, Channel.ALERT, kind) for kind, payload in known.items() if payload]
        ended, again = update.rest is Rest.ENDED, _UNKNOWN in known.values()
        if ended and (again or bed not in self._ended):
            names += [topic(bed, channel) for channel in RETAINED if channel is not Channel.ALERT]
        for name in names:
            self._transport.publish(Outgoing(name, b"", sure=True, retain=True))
        self._keep(bed, {})
        if ended:
            self._ended.add(bed)
        else:
            self._ended.discard(bed)


def alert_payload(alert: engine.AlertView) -> bytes:
    """Return the payload of `alert/<kind>`."""
    state = "firing"
    if not alert.judged:
        state = "unknown"
    elif alert.snoozed_until_ms is not None:
        state = "snoozed"
    elif alert.acknowledged:
        state = "acknowledged"
    return _dump(
        {
            "v": VERSION,
            "state": state,
            "level": alert.severity.value,
            "since": iso(alert.since_ms),
            "reason": alert.reason.value,
        }
    )


def state_payload(seen: engine.BedView, others: Mapping[str, float] | None = None) -> bytes:
    """Return the payload of `state`: the bed at its last judged minute.

    `others` are the newest values of roles that nothing judges, by wire field.
    """
    return _dump(
        {
            "v": VERSION,
            "at": iso(seen.at_ms),
            "in_bed": seen.in_bed,
            "legs": seen.legs,
            "still_min": None if seen.still_s is None else seen.still_s // 60,
            "leg_c": seen.leg_c,
            "room_c": seen.room_c,
            "cold_in_min": seen.cold_in_min,
            **(others or {}),
        }
    )


def _dump(body: dict[str, object]) -> bytes:
    return _encoder.encode(body).encode()


class _RateLimit:
    """Allows `most` calls a second."""

    def __init__(self, most: int, now: Instant) -> None:
        self._most = most
        self._begun, self._used = now, 0

    def begin(self, now: Instant) -> None:
        if now.since(self._begun) >= 1.0:
            self._begun, self._used = now, 0

    @property
    def left(self) -> int:
        return self._most - self._used

    def take(self) -> bool:
        if not self.left:
            return False
        self._used += 1
        return True
