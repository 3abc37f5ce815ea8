"""Limits of the command line, by which a stored night is judged instead of its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from legwatch.limits.rules import Rules
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
