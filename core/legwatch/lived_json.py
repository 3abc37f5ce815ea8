"""What was lived as plain values for JSON, and back: entries, windows and notices."""

import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.contract.fields import LATEST_MS
from legwatch.events import Ack, Away, Snooze, Tick, Window, notice_kind
from legwatch.limits.rules import Rules
from legwatch.limits.written import as_table
from legwatch.lived import (
    Begun,
    Dropped,
    Entry,
    Excused,
    Expected,
    Lost,
    Moved,
    NewRules,
    Pressed,
    Restarted,
    Rested,
    SetUp,
    Sounded,
    Told,
    WatchedAgain,
)
from legwatch.named_tuples import reader

Fields = Mapping[str, Any]
Judged = Callable[[Fields], Rules]  # reads the table of limits

# The names by which entries are written; they stand in files of owners, so no name changes.
SHAPES: Mapping[str, Any] = {
    "window": Window, "ack": Ack, "snooze": Snooze, "tick": Tick, "away": Away,
    "excused": Excused, "restarted": Restarted, "rules": NewRules, "set_up": SetUp,
    "expected": Expected, "dropped": Dropped, "begun": Begun, "rested": Rested,
    "watched_again": WatchedAgain, "moved": Moved,
    "pressed": Pressed, "told": Told, "lost": Lost, "sounded": Sounded,
}  # fmt: skip
_NAMES: Mapping[Any, str] = {shape: name for name, shape in SHAPES.items()}


def written(entry: Entry) -> tuple[str, dict[str, Any]]:
    """Return the name of an entry and its fields; of a window only those that are known."""
    name = _NAMES[type(entry)]
    if isinstance(entry, NewRules):
        return name, as_table(entry.rules)
    if isinstance(entry, Told):
        return name, notice_fields(entry.notice)
    shape: Any = type(entry)
    values = {field: getattr(entry, field) for field in _hints(shape)}
    if isinstance(entry, Window):
        values = {field: value for field, value in values.items() if value not in (None, (), "")}
    return name, values


def entry_of(name: str, found: Fields, judged: Judged) -> Entry:
    """Return the entry of `written`; raises ValueError for anything else."""
    shape = SHAPES.get(name)
    if shape is None:
        raise ValueError(f"no entry is called {name[:40]!r}")
    if shape is NewRules:
        return NewRules(judged(found))
    if shape is Told:
        return Told(notice_of(found))
    if shape is Window:
        found = {"boot": "", **found}
    try:
        hints = _hints(shape).items()
        values = {field: read(found[field]) for field, read in hints if field in found}
        _check_times(values)
        made: Entry = shape(**values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None
    return made


def notice_fields(notice: Notice) -> dict[str, Any]:
    """Return a notice as plain values."""
    return {
        "at_ms": notice.at_ms,
        "kind": notice.kind.value,
        "transition": notice.transition.value,
        "level": notice.severity.value,
        "reason": notice.reason.value,
        "held": notice.suppressed_by.value if notice.suppressed_by else None,
        "figures": dict(notice.figures),
        "episode_ms": notice.episode_ms,
        "rule": list(notice.rule) if notice.rule else None,
    }


def notice_of(found: Fields) -> Notice:
    """Return the notice of `notice_fields`; raises ValueError for anything else."""
    try:
        _check_times(found)
        episode_ms, rule, held = (found.get(name) for name in ("episode_ms", "rule", "held"))
        return Notice(
            at_ms=int(found["at_ms"]),
            kind=notice_kind(found["kind"]),
            transition=TransitionKind(found["transition"]),
            severity=Severity(found["level"]),
            reason=Reason(found["reason"]),
            figures=tuple(dict(found["figures"]).items()),
            suppressed_by=SuppressedBy(held) if held else None,
            episode_ms=None if episode_ms is None else int(episode_ms),
            rule=Rule(str(rule[0]), float(rule[1])) if rule else None,
        )
    except (TypeError, LookupError) as error:
        raise ValueError(f"no notice: {error}") from None


def _check_times(values: Fields) -> None:
    """Raise ValueError for a time that no clock shows: a damaged file has it."""
    for name, value in values.items():
        if name.endswith("_ms") and type(value) is int and abs(value) > LATEST_MS:
            raise ValueError(f"{name}: no such time")


@cache
def _hints(shape: Any) -> Mapping[str, Callable[[Any], Any]]:
    """Return how each field of an entry is read."""
    if shape in (NewRules, Told):
        return {}
    return {name: reader(hint) for name, hint in typing.get_type_hints(shape).items()}
