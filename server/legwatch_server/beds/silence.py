"""Silence of the whole server that no alert of one bed explains: people hear of it, and /health.

There is no broker, nothing arrives though there is one, another program has the server's place at
the broker or its port, no push leaves, or a bed cannot be judged.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from legwatch.conditions.verdict import Reason
from legwatch.text.span import span
from legwatch_runtime.clock import Instant, instant
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.status import Status
from legwatch_server.inbox import ServerFact
from legwatch_server.notify.reach import Reach
from legwatch_server.rest import Rest

logger = logging.getLogger(__name__)

NOTHING_S = 300.0  # each bed sends a window every few seconds
UNJUDGED_S = 180.0  # a bed is tried again each minute


class Link(Protocol):
    """The connection to the broker, as far as it may be silent."""

    def connected(self) -> bool:
        """Return True while there is a connection."""

    def silent_s(self) -> float:
        """Return for how long the broker has brought nothing, though it is connected; else 0."""

    def contested(self) -> bool:
        """Return True while another program takes this one's place, again and again."""


class Silence:
    """The writer asks for `facts` now and then; /health asks for `concerns` from any thread."""

    def __init__(
        self,
        link: Link,
        beds: Callable[[], Collection[BedRecord]],
        reach: Reach,
        status: Status,
        now: Callable[[], Instant] = instant,
    ) -> None:
        self._link, self._beds, self._reach, self._status = link, beds, reach, status
        self._now = now
        self._judged_at = now()  # the last look at which all beds could be judged
        self.closed: Callable[[], str] = str  # why nothing listens for answers; empty: it does
        self._open_at = now()  # the last look at which it did
        self._lost_s = 0.0  # for how long nobody could be reached, while that lasts
        self._silent = False
        self._cut_at: Instant | None = None  # the first look at which there was no broker

    def facts(self) -> list[ServerFact]:
        """Return what people should hear now; it is said to them again after hours only."""
        found = list(self._no_broker())
        silent = self._nothing_arrives()
        if silent:
            found.append(_fact(Reason.NOTHING_ARRIVES, self._link.silent_s()))
        if silent and not self._silent:
            logger.warning(self._nothing())
        self._silent = silent
        unjudged = self._status.now().unjudged
        if not unjudged:
            self._judged_at = self._now()
        elif self._now().since(self._judged_at) >= UNJUDGED_S:
            found.append(ServerFact(Reason.NOT_JUDGED, (("bed", ", ".join(sorted(unjudged))),)))
        if not self.closed():
            self._open_at = self._now()
        elif self._now().since(self._open_at) >= NOTHING_S:
            found.append(ServerFact(Reason.NOT_LISTENING))
        if self._link.contested():
            found.append(ServerFact(Reason.SHARED_NAME))
        if self._reach.is_lost():
            if not self._lost_s:
                logger.error("no push reaches anybody: see `legwatch duty`")
            self._lost_s = self._reach.lost_s()
        elif self._lost_s and self._reach.works():  # while it lasted, nobody could be told
            found.append(_fact(Reason.NO_PUSH_LEAVES, self._lost_s))
            self._lost_s = 0.0
        return found

    def has_no_broker(self) -> bool:
        """Return True if there has been no broker for some minutes; any thread may ask."""
        cut_at = self._cut_at
        return cut_at is not None and self._now().since(cut_at) >= NOTHING_S

    def _no_broker(self) -> Iterator[ServerFact]:
        """Yield that there is no broker; while a rival has the place, that is said instead."""
        now, beds = self._now(), self._beds()
        if self._link.connected() or self._link.contested():
            self._cut_at = None
        elif self._cut_at is None:
            self._cut_at = now
        elif self.has_no_broker() and (not beds or any(map(_waited_for, beds))):
            yield _fact(Reason.NO_BROKER, now.since(self._cut_at))

    def concerns(self) -> Iterator[str]:
        """Yield what /health says; of a rival the connection itself tells."""
        if self._nothing_arrives():
            yield self._nothing()
        yield from self._reach.concerns()

    def _nothing(self) -> str:
        return (
            f"the broker has brought nothing for {span(self._link.silent_s() / 60)}: are the"
            " bedsides on, and may the server's user read legwatch/v1/# (the broker's ACL)?"
        )

    def _nothing_arrives(self) -> bool:
        """Return True if the broker brings nothing, and a bed is not known to be off.

        Without any bed, too: a server that has never heard of one may be barred from hearing.
        """
        if self._link.silent_s() < NOTHING_S:
            return False
        beds = self._beds()
        return not beds or any(_waited_for(bed) and bed.bedside.online is not False for bed in beds)


def _waited_for(bed: BedRecord) -> bool:
    """Return True for a bed whose windows have to come."""
    return bool(bed.state.minute_end_ms) and not bed.played and bed.rest is Rest.WATCHED


def _fact(reason: Reason, seconds: float) -> ServerFact:
    return ServerFact(reason, (("for_min", int(seconds // 60)),))
