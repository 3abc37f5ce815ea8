"""Replay a night that a server has stored from its noon, by its own limits or by others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.alerting.notice import Notice, Sounding
from legwatch.alerting.sound import with_sounding
from legwatch.errors import RecordingError
from legwatch.limits.rules import Rules
from legwatch.lived import LivedNight, relive
from legwatch_runtime.night_file import read
from legwatch_runtime.profiles import rules_for


class OtherLimits(NamedTuple):
    """Limits of the command line; without any, a night is judged by its own ones."""

    profile: str | None
    own: Mapping[str, Any]

    def __bool__(self) -> bool:
        """Return True if there are some."""
        return bool(self.profile or self.own)

    def change(self, rules: Rules) -> Rules:
        """Return the limits by which to judge instead of these."""
        given = rules_for(self.profile or "standard", self.own, rules.zone)
        if self.profile:
            return given
        for path in self.own:
            group, _, key = path.partition(".")
            value = getattr(getattr(given, group), key)
            changed = getattr(rules, group)._replace(**{key: value})
            rules = replace(rules, **{group: changed})
        return rules


class Replayed(NamedTuple):
    """A night that was replayed, with what each notice says of sounds."""

    night: LivedNight
    notices: Sequence[tuple[Notice, Sounding]]


def replayed(path: Path, limits: OtherLimits) -> Replayed:
    """Replay the night in a file; raises RecordingError if it cannot be replayed as it was."""
    night = read(path)
    if night.missing or night.state is None:
        why = night.missing or "the state at its noon is not in the file"
        raise RecordingError(f"{path}: this night cannot be replayed as it was lived: {why}")
    found = relive(night, limits.change) if limits else relive(night)
    try:
        return Replayed(night, list(with_sounding(found)))
    except (ArithmeticError, OSError, ValueError) as error:
        raise RecordingError(
            f"{path}: this night has values that no server wrote: {error}"
        ) from None
