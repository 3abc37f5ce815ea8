"""The file of one night: lines of JSON that begin with a head, and end with a count.

    {"legwatch_night":1,"bed":"anna","night":"2026-01-02","zone":"Europe/Berlin",...}
    {"what":"state","state":[2,[...]]}            the bed's state at noon
    {"what":"rules","warmth":{"warn_c":26.5,...}}  the limits at noon; again where they were changed
    {"what":"window","arrived":"2026-01-02T22:00:11Z","late":false,"to_ms":...,"leg_c":31.2,...}
    {"what":"ack","who":"bedside","at_ms":...}     and all else that the bed's engine was given
    {"what":"notice","kind":"cold",...,"text":"..."}   what was given that night, in its order
    {"what":"end","lines":8712}

`docs/night_file.md` explains each line.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from legwatch import state_codec
from legwatch.alerting.notice import iso
from legwatch.errors import RecordingError
from legwatch.limits.rules import Rules
from legwatch.lived import Given, Lived, LivedNight, NewRules
from legwatch.lived_json import Fields, Judged, entry_of, notice_fields, notice_of, written

VERSION = 1
MARK = "legwatch_night"


def is_night(first_line: str) -> bool:
    """Return True for the first line of the file of a night."""
    return first_line.lstrip("\ufeff").startswith(f'{{"{MARK}"')


def lines(night: LivedNight) -> Iterator[str]:
    """Yield the lines of a night's file, each without its end."""
    count = 0
    for line in _all(night):
        count += 1
        yield _json(line)
    yield _json({"what": "end", "lines": count})


def _all(night: LivedNight) -> Iterator[dict[str, Any]]:
    yield {
        MARK: VERSION,
        "bed": night.bed,
        "night": night.night,
        "zone": night.zone,
        "from": iso(night.from_ms),
        "to": iso(night.to_ms),
        "missing": night.missing,
    }
    if night.state is not None:
        yield {"what": "state", "state": json.loads(state_codec.to_json(night.state))}
    if night.rules is not None:
        yield _line(Lived(NewRules(night.rules)))
    yield from map(_line, night.entries)
    for given in night.given:
        fields = notice_fields(given.notice)
        yield {"what": "notice", **fields, "text": given.text, "who": given.who}


def _line(lived: Lived) -> dict[str, Any]:
    name, fields = written(lived.entry)
    line: dict[str, Any] = {"what": name}
    if lived.arrived_ms is not None:
        line |= {"arrived": iso(lived.arrived_ms), "late": lived.late}
    if lived.who is not None:
        line["who"] = lived.who
    return {**line, **fields}


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def parse(text: Iterable[str], judged: Judged) -> LivedNight:
    """Read a night's file; raises RecordingError that names the line."""
    reading = _Reading(judged)
    number = 0
    for number, line in enumerate(text, 1):
        table = _table(line, number)
        try:
            reading.take(table, number)
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
            raise RecordingError(f"line {number}: {error}") from None
    if not reading.ended:
        raise RecordingError(f"the file is cut off after line {number}; copy it again")
    return reading.night()


def _table(line: str, number: int) -> Any:
    """Return what a line says; raises RecordingError for one that is broken or no JSON at all."""
    try:
        return json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        if not line.endswith("\n"):  # each line of a whole file ends with one
            raise RecordingError(f"the file is cut off in line {number}; copy it again") from None
        why = "is no line of a night's file; the file was damaged or changed: copy it again"
        raise RecordingError(f"line {number} {why}") from None


class _Reading:
    """What was read of a file so far."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged
        self._head: dict[str, Any] = {}
        self._state: Any = None
        self._rules: Rules | None = None
        self._entries: list[Lived] = []
        self._given: list[Given] = []
        self.ended = False

    def take(self, line: Any, number: int) -> None:
        """Take the next line; raises an error of a wrong line."""
        if not isinstance(line, dict):
            raise ValueError("a table is expected")  # noqa: TRY004 - a wrong line, no wrong call
        if number == 1:
            self._begin(line)
            return
        what = str(line["what"])
        match what:
            case "state":
                self._state = state_codec.from_json(_json(line["state"]))
            case "notice":
                self._given.append(Given(notice_of(line), str(line["text"]), line.get("who")))
            case "end":
                self.ended = True
                if line["lines"] != number - 1:
                    raise ValueError(f"{line['lines']} lines were written, {number - 1} are here")
            case _:
                self._entry(what, line)

    def _begin(self, line: dict[str, Any]) -> None:
        if line.get(MARK) != VERSION:
            raise ValueError(
                f"a night of version {line.get(MARK)}, {VERSION} expected: update legwatch"
            )
        self._head = line

    def _entry(self, name: str, fields: Fields) -> None:
        entry = entry_of(name, fields, self._judged)
        if isinstance(entry, NewRules) and self._rules is None:
            self._rules = entry.rules
            return
        arrived_ms = _ms(fields["arrived"]) if "arrived" in fields else None
        late = fields.get("late") is True
        self._entries.append(Lived(entry, arrived_ms, late, fields.get("who")))

    def night(self) -> LivedNight:
        """Return the whole night."""
        head = self._head
        try:
            bed, night, zone = (str(head[key]) for key in ("bed", "night", "zone"))
            begin_ms, end_ms = _ms(head["from"]), _ms(head["to"])
        except (LookupError, ValueError, TypeError) as error:
            raise RecordingError(f"line 1: {error}") from None
        return LivedNight(
            bed, night, zone, begin_ms, end_ms, self._state, self._rules, tuple(self._entries),
            tuple(self._given), str(head.get("missing", "")),
        )  # fmt: skip


def _ms(text: Any) -> int:
    return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
