"""List beds in trial nights: its body alerts make no sound."""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.alerting.trial_nights import night_number
from legwatch_server.settings import ServerSettings
from legwatch_server.store.port import Reader


class TrialStatus(NamedTuple):
    """A bed in its trial nights: number of this night, and number of trial nights."""

    bed: str
    night: int
    of: int
    urgent: bool  # urgent cold alerts sound even in trial nights

    @property
    def left(self) -> int:
        """Number of trial nights left, including this one."""
        return self.of - self.night + 1

    def __str__(self) -> str:
        """Return the line that commands print."""
        but = ", except urgent cold" if self.urgent else ""
        return (
            f"bed {self.bed}: learning, night {self.night} of {self.of}: body alerts are quiet{but}"
        )


def trial_statuses(
    reader: Reader, settings: ServerSettings, now_ms: int, bed: str | None = None
) -> Iterator[TrialStatus]:
    """Yield the beds that are in trial nights at `now_ms`; with `bed`, only this bed."""
    live = {one.bed for one in reader.last_seen() if one.seen_ms and not one.played}
    for name, text in reader.states(bed):
        from legwatch.state_codec import from_json  # noqa: PLC0415 - it brings the engine along

        try:
            state = from_json(text)
        except ValueError:
            continue  # the server logs this and treats the trial nights as over
        rules = settings.rules_of(name)
        night = night_number(state.bed.trial, now_ms, rules, live=name in live)
        if night is not None:
            limits = rules.alerts
            yield TrialStatus(name, night, limits.learn_nights, bool(limits.learn_urgent))
