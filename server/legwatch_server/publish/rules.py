"""Hands each bed's limits and state over to its bedside, which needs them while no server is there.

It is told when the limits change, when an alert begins, changes or is answered, and else once an
hour. Of each bed one message waits, the newest; beds wait for each other, so that all beds at once
take no time from the windows.
"""

import json
import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from legwatch.alerting.alert import AlertStates
from legwatch.contract.bed_rules import MAX_RULES_BYTES, BedRules, encode_rules
from legwatch.contract.topics import Channel, topic
from legwatch.engine import newest, newest_ms
from legwatch.limits.rules import Rules
from legwatch.limits.written import as_table
from legwatch.state_codec import to_json
from legwatch_runtime.clock import Instant, instant
from legwatch_server.publish.port import BedUpdate, Committed
from legwatch_server.rest import WATCHED
from legwatch_server.transport import Outgoing, Publishes

logger = logging.getLogger(__name__)

EVERY_S = 3600.0
MOST_A_S = 100  # messages; after a start every bed has one

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class _Said(NamedTuple):
    """What a bedside was told last; None: that nobody watches its bed."""

    rules: Rules | None
    alerts: AlertStates | None
    at: Instant


class RulesPublisher:
    """A `Listener`; only the writer's thread uses it."""

    def __init__(self, transport: Publishes, now: Callable[[], Instant] = instant) -> None:
        self._transport, self._now = transport, now
        self._said: dict[str, _Said] = {}
        self._waiting: dict[str, BedUpdate] = {}  # the longest waiting first
        self._limits: tuple[Rules | None, str] = (None, "")  # the last ones, as JSON
        self._second, self._taken = now(), 0

    def hear(self, committed: Committed) -> None:
        """Note the beds of which there is something to hand over."""
        if not committed.beds:
            return
        now = self._now()
        for update in committed.beds:
            if update.bed in self._waiting or self._is_news(update, now):
                self._waiting[update.bed] = update

    def repeat(self, beds: Sequence[BedUpdate]) -> None:
        """Hand all over again: a broker may have lost what it had kept."""
        for update in beds:
            self._waiting[update.bed] = update

    def turn(self) -> bool:
        """Publish what waits, as many as may go; True: there is more."""
        if not self._waiting:
            return False
        now = self._now()
        if now.since(self._second) >= 1.0:
            self._second, self._taken = now, 0
        for bed in list(islice(self._waiting, MOST_A_S - self._taken)):
            update = self._waiting.pop(bed)
            self._taken += 1
            try:
                self._publish(update, now)
            except Exception:  # a fault in one bed must not stop the others
                logger.exception("could not publish the limits of bed %s", bed)
        return bool(self._waiting)

    def _is_news(self, update: BedUpdate, now: Instant) -> bool:
        said = self._said.get(update.bed)
        if said is None:
            return True
        if update.rest is not WATCHED:
            return said.rules is not None
        alerts = update.state.bed.alerts
        if alerts is not said.alerts and alerts != said.alerts:
            return True
        if update.rules is not said.rules and update.rules != said.rules:
            return True
        return now.since(said.at) >= EVERY_S

    def _publish(self, update: BedUpdate, now: Instant) -> None:
        name, watched = topic(update.bed, Channel.RULES), update.rest is WATCHED
        if watched and not update.state.minutes:
            return  # nothing is known of it yet
        payload = self._payload(update) if watched else b""
        if len(payload) > MAX_RULES_BYTES:  # hundreds of windows in its open minute
            return  # the next minute ends with fewer
        # What is lost without a connection is told again with the next one.
        self._transport.publish(Outgoing(name, payload, sure=not watched, retain=True))
        alerts = update.state.bed.alerts
        said = _Said(update.rules, alerts, now) if watched else _Said(None, None, now)
        self._said[update.bed] = said

    def _payload(self, update: BedUpdate) -> bytes:
        if self._limits[0] is not update.rules:
            self._limits = update.rules, _encoder.encode(as_table(update.rules))
        last, to_ms = newest(update.state), newest_ms(update.state)
        seen = ("", 0) if last is None else (last.boot, last.seq)
        return encode_rules(BedRules(self._limits[1], to_json(update.state), to_ms, *seen))
