"""Counts since the start of the server, for /health and /metrics; a failed batch counts nothing."""

from legwatch.alerting.notice import Notice


class Counters:
    """The writer thread counts, any thread reads."""

    def __init__(self) -> None:
        self.windows = self.duplicates = self.late = self.clock_wrong = self.quarantined = 0
        self.notices: dict[tuple[str, str], int] = {}
        self.begin()

    def begin(self) -> None:
        """Start a new batch, and remember what `undo` needs."""
        self._before = (
            self.windows, self.duplicates, self.late, self.clock_wrong, self.quarantined,
            dict(self.notices),
        )  # fmt: skip

    def undo(self) -> None:
        """Forget what the batch has counted."""
        (
            self.windows, self.duplicates, self.late, self.clock_wrong, self.quarantined,
            self.notices,
        ) = self._before  # fmt: skip

    def count(self, notice: Notice) -> None:
        """Count a notice by its kind and its transition."""
        key = (notice.kind.value, notice.transition.value)
        self.notices[key] = self.notices.get(key, 0) + 1
