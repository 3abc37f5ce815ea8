"""What the server says of itself: each fact once in a while, to each person, without a sound."""

from legwatch.alerting.notice import report
from legwatch.bedside import rested
from legwatch.conditions.verdict import Figures, Reason
from legwatch.text.message import text
from legwatch_server.store.batch import SERVER, SERVER_ID, Batch, NewNotice
from legwatch_server.store.port import WriterStore


class ServerReports:
    """When what was said; only the writer thread uses it."""

    def __init__(self, store: WriterStore) -> None:
        self._said = store.said()
        self.begin()

    def begin(self) -> None:
        """Start a new batch, and remember what `undo` needs."""
        self._before = dict(self._said)

    def undo(self) -> None:
        """Forget what the batch has said."""
        self._said = self._before

    def shift(self, batch: Batch, by_ms: int) -> None:
        """Let what was said be as old as it was, after the time line was moved."""
        self._said = {reason: at_ms + by_ms for reason, at_ms in self._said.items()}
        batch.said.update(self._said)

    def add(self, batch: Batch, reason: Reason, figures: Figures, at_ms: int) -> NewNotice | None:
        """Add a notice of a fact to the batch; None: people know it."""
        if not rested(self._said.get(reason, 0), at_ms):
            return None
        # Each report is an episode of its own, on the phone too.
        at_ms = max((at_ms, *(said_ms + 1 for said_ms in batch.said.values())))
        self._said[reason] = batch.said[reason.value] = at_ms
        notice = report(reason, at_ms, figures)
        new = NewNotice(SERVER_ID, SERVER, notice, text(notice))
        batch.notices.append(new)
        return new
