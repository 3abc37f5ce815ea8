"""Print every text that a person can get, in each language, to be read by a translator.

    .venv/bin/python scripts/every_text.py [--language de]

Each title and each text is printed once, with the alerts that have it; a text is there once for
each thing that may not be known of the bed. After them stand the other sentences of the catalogue:
buttons, pages, rehearsals.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from babel.messages.pofile import read_po

from legwatch.alerting.figures import BY_MAT, LEG, NEVER, ROOM
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.out import AIR, MAT
from legwatch.conditions.verdict import Figures, Reason, Severity
from legwatch.events import AlertKind, FactKind, NoticeKind
from legwatch.oncall.people import LANGUAGES
from legwatch.text.message import text, title
from legwatch.text.reports import REPORTED
from legwatch_runtime.catalogue import language_named

CATALOGUE = Path(__file__).parents[1] / "core/legwatch_runtime/locale/legwatch.pot"

FIRING = (TransitionKind.FIRED, TransitionKind.ESCALATED, TransitionKind.RENOTIFIED)
# Which reason each alert can have while it fires, when it ends, and when it cannot be judged.
_COLD = (
    Reason.UNCOVERED, Reason.COOLED, Reason.COLD_START, Reason.COLD_ROOM, Reason.DRAUGHT,
    Reason.COLD_AND_STILL, Reason.NOT_ANSWERED, Reason.SNOOZE_OVER, Reason.COLD_AGAIN,
    Reason.FOOT_BARE,
)  # fmt: skip
_SENSOR = (
    Reason.NO_READINGS, Reason.IMPLAUSIBLE, Reason.STUCK, Reason.DISPLACED, Reason.MOVEMENT_MISSING,
    Reason.MOVEMENT_SILENT, Reason.MOVEMENT_QUIET, Reason.MOVEMENT_NOISY, Reason.LAIN_UPON,
    Reason.NOT_IN_BED, Reason.EXCHANGED, Reason.COMES_AND_GOES, Reason.MAT_DISAGREES,
    Reason.MAT_MISSING, Reason.ROOM_WARMED, Reason.NO_SENSOR, Reason.SNOOZE_OVER,
)  # fmt: skip
_FIRES: Mapping[AlertKind, Sequence[Reason]] = {
    AlertKind.COLD: _COLD,
    AlertKind.STILL: (Reason.STILL_TOO_LONG, Reason.MOVEMENT_QUIET, Reason.SNOOZE_OVER),
    AlertKind.SENSOR: _SENSOR,
    AlertKind.AGENT: (
        Reason.AGENT_SILENT,
        Reason.NEVER_HEARD,
        Reason.NO_BROKER,
        Reason.COMES_AND_GOES,
        Reason.SNOOZE_OVER,
    ),
}
_ENDS: Mapping[AlertKind, Sequence[Reason]] = {
    AlertKind.COLD: (
        Reason.WARM_AGAIN,
        Reason.WARMING,
        Reason.WARM_ROOM,
        Reason.LEFT_BED,
        Reason.FOOT_WARM,
        Reason.FOOT_COVERED,
    ),
    AlertKind.STILL: (Reason.MOVED, Reason.LEFT_BED),
    AlertKind.SENSOR: (Reason.BACK,),
    AlertKind.AGENT: (Reason.BACK, Reason.NOT_EXPECTED),
}
_BLIND = (
    Reason.AGENT_SILENT, Reason.NEVER_HEARD, Reason.NO_READINGS, Reason.DISPLACED,
    Reason.PRESENCE_UNSURE, Reason.MOVEMENT_MISSING, Reason.LAIN_UPON, Reason.NOT_IN_BED,
    Reason.EXCHANGED, Reason.SETTLING, Reason.ANKLE_BLIND,
)  # fmt: skip
_BODY = (AlertKind.COLD, AlertKind.STILL)
_KNOWN: Figures = (
    ("leg_c", 24.1), ("usual_c", 30.0), ("usual_low_c", 29.0), ("usual_high_c", 31.0),
    ("room_c", 17.0), ("for_min", 20), ("still_min", 130), ("silent_min", 16),
    ("high_c", 31.2), ("fell_min", 9), ("ankle_c", 22.3), ("ankle_high_c", 29.8),
    ("ankle_fell_min", 12), ("in_min", 9), ("known_min", 12),
    ("sensor", "movement, presence, ankle, oxygen"), ("bed", "anna"), ("damp_min", 130),
)  # fmt: skip


class Said(NamedTuple):
    """One text, and what leads to it."""

    language: str
    carer: bool
    notice: Notice
    title: str
    text: str

    @property
    def why(self) -> str:
        """The alert, in the words of the record."""
        one = self.notice
        return f"{one.kind.value} {one.transition.value}, {one.reason.value}, {one.severity.value}"


def every() -> Iterator[Said]:
    """Yield the text of every notice that there can be, for each reader in each language."""
    for notice, language, carer in product(list(notices()), LANGUAGES, (False, True)):
        words = language_named(language)
        heading = title(notice, words, carer=carer)
        yield Said(language, carer, notice, heading, text(notice, words, carer=carer))


def notices() -> Iterator[Notice]:
    """Yield every notice: each change of each alert for each reason, whatever is known."""
    levels = (Severity.WARNING, Severity.URGENT)
    for (kind, what, reason), severity, figures in product(list(changes()), levels, list(known())):
        # An early sign comes only with all its figures.
        if what is not TransitionKind.EXPECTED or _is_whole(figures):
            yield Notice(0, kind, what, severity, reason, figures)


def _is_whole(figures: Figures) -> bool:
    return len(figures) == len(_KNOWN) and all(value is not None for _, value in figures)


def changes() -> Iterator[tuple[NoticeKind, TransitionKind, Reason]]:
    """Yield what can happen to an alert, and why."""
    for kind in AlertKind:
        yield from ((kind, what, reason) for what in FIRING for reason in _FIRES[kind])
        yield from ((kind, TransitionKind.RESOLVED, reason) for reason in _ENDS[kind])
        yield (kind, TransitionKind.RESOLVED, Reason.NOT_WATCHED)
        yield (kind, TransitionKind.ACKNOWLEDGED, Reason.BY_PERSON)
        yield (kind, TransitionKind.ACKNOWLEDGED, Reason.NOT_USEFUL)
        yield (kind, TransitionKind.SNOOZED, Reason.BY_PERSON)
        yield (kind, TransitionKind.SNOOZED, Reason.WARNINGS_ONLY)
    yield from ((kind, TransitionKind.UNKNOWN, reason) for kind in _BODY for reason in _BLIND)
    yield (AlertKind.COLD, TransitionKind.EXPECTED, Reason.OFF_OR_EMPTY)
    yield (AlertKind.COLD, TransitionKind.EXPECTED, Reason.FOOT_BARE)
    yield (AlertKind.COLD, TransitionKind.WARMING, Reason.WARMING)
    yield from ((AlertKind.AGENT, TransitionKind.REPORTED, reason) for reason in REPORTED)
    yield (FactKind.DAMP, TransitionKind.REPORTED, Reason.DAMP_BED)
    yield (FactKind.ROOM, TransitionKind.REPORTED, Reason.COLD_EVENING)
    yield (FactKind.OUT, TransitionKind.REPORTED, Reason.OUT_OF_BED)
    yield (FactKind.OUT, TransitionKind.RESOLVED, Reason.BACK)


def known() -> Iterator[Figures]:
    """Yield what may be known: all, each thing less, nothing, and which thermometer is bad."""
    yield _KNOWN
    for left_out, _ in _KNOWN:
        yield tuple((name, None if name == left_out else value) for name, value in _KNOWN)
        yield tuple(pair for pair in _KNOWN if pair[0] != left_out)
    yield ()
    yield tuple((name, None) for name, _ in _KNOWN)
    yield (("bed_c", 15.5),)
    yield (("for_min", 8), BY_MAT)
    yield from ((("out_min", 20), ("seen_by", by)) for by in (MAT, AIR))
    for place in (LEG, ROOM):
        yield (("for_min", 8), ("sensor", place))
        yield (("for_min", 8), ("sensor", place), ("given", NEVER))


def sentences() -> list[str]:
    """Return every sentence that is to be translated."""
    with CATALOGUE.open("rb") as file:
        return [str(message.id) for message in read_po(file) if message.id]


def _printed(language: str) -> Iterator[str]:
    titles: dict[str, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for said in every():
        if said.language == language:
            reader = "a carer" if said.carer else "the sleeper"
            titles.setdefault(said.title, []).append(f"{said.why}; to {reader}")
            texts.setdefault(said.text, []).append(f"{said.why}; to {reader}")
    for heading, found in (("Titles", titles), ("Texts", texts)):
        yield f"{heading}\n"
        for sentence, why in found.items():
            more = len(dict.fromkeys(why)) - 1
            yield f"    {sentence}\n        ({why[0]}{f', and {more} more' if more else ''})"
    yield "\nAll sentences: also those of buttons and pages\n"
    words = language_named(language)
    yield from (f"    {words.gettext(sentence)}" for sentence in sentences())


def main() -> None:
    """Print the texts of one language, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language", choices=LANGUAGES, help="only this language (all)")
    only = parser.parse_args().language
    for language in [only] if only else LANGUAGES:
        print(f"== {language}\n")
        print("\n".join(_printed(language)), end="\n\n")


if __name__ == "__main__":
    main()
