"""The doors for notification channels: a channel is one file and one entry-point line."""

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol

from legwatch.errors import LegwatchError, SettingsError
from legwatch.notice import Level, What
from legwatch_server.settings import PushTable


@dataclass(frozen=True, slots=True)
class Push:
    """What a person is told. `again`: it may have been sent before a crash."""

    notice_id: int
    bed: str
    clock: str  # local time of the decision, such as 02:41
    title: str
    text: str
    level: Level
    what: What
    again: bool = False


class PushError(LegwatchError):
    """A push did not go through. `permanent`: trying again cannot help."""

    def __init__(self, why: str, *, permanent: bool, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class Notifier(Protocol):
    """One channel; it is used by one thread and may block for its own timeout."""

    def send(self, push: Push) -> None:
        """Deliver; raises PushError."""


def open_channels(table: PushTable) -> dict[str, Notifier]:
    """Return the channels that the settings name; raises SettingsError for an unknown one."""
    points = {point.name: point for point in entry_points(group="legwatch.notifiers")}
    channels: dict[str, Notifier] = {}
    for name in table.channels:
        if name not in points:
            known = ", ".join(sorted(points))
            raise SettingsError("push.channels", f"no channel {name!r}; installed: {known}")
        channels[name] = points[name].load()(table)
    return channels
