"""A foot that is bare alone, beside a second sensor by the ankle: its nights, and what is asked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from legwatch_lab.bench import corpus
from legwatch_lab.bench.asked import Asked, caught, delay, rate
from legwatch_lab.bench.corpus import ANKLES, CORPUS, Corpus
from legwatch_lab.bench.told import Told
from legwatch_lab.truth import SUFFIX, NightTruth

KINDS = {"body": "uncovered_feet", "lumped": "feet"}


class Tell(Protocol):
    """Judges nights by their files; `of_feet`: the uncoverings are those of feet."""

    def __call__(
        self,
        known: Mapping[Path, NightTruth],
        paths: Sequence[Path],
        what: str,
        *,
        of_feet: bool,
    ) -> list[Told]:
        """Return what is told in each night."""


CAUGHT = (
    Asked("11 foot alone caught by the first sign", "%", (90,), caught("signs"), least=True),
    Asked("- by an alert, heard or not", "%", (), caught("alerts"), least=True),
    Asked("11 to the first sign, median", "min", (10,), delay("signs", 0.5)),
    Asked("11 to the first sign, P90", "min", (20,), delay("signs", 0.9)),
    Asked("- caught with a sound", "%", (), caught("sounds"), least=True),
    Asked("- to the sound, median", "min", (), delay("sounds", 0.5)),
)
FALSE = (
    Asked("- false first signs", "a night", (), rate(lambda night: night.false_signs)),
    Asked("- false audible cold alerts", "a night", (), rate(lambda night: night.false_sounds)),
    Asked("- sounds in an empty bed", "a night", (), rate(lambda night: night.empty_sounds)),
)


def told(
    nights: Corpus, tell: Tell
) -> Iterator[tuple[Sequence[Asked], Mapping[tuple[str, str], Sequence[Told]]]]:
    """Yield what is asked, with what is told: of bare feet, then of all nights."""
    for asked, kinds in ((CAUGHT, KINDS), (FALSE, dict.fromkeys(KINDS, CORPUS))):
        found = {}
        for family in corpus.FAMILIES:
            kind = kinds[family]
            mine = nights._replace(kind=kind, ankle=True)
            known = {path: truth for path, truth in mine.known(family).items() if is_apart(path)}
            for build in ANKLES:
                paths = mine.built(family, build, known)
                what = f"{kind} nights: {family}, {build}"
                found[family, build] = tell(known, paths, what, of_feet=kind != CORPUS)
        yield asked, found


def is_apart(night: Path) -> bool:
    """Return True if the leg sensor of a night is not by the ankle itself."""
    truth = night.with_name(night.name.removesuffix(".csv.gz") + SUFFIX)
    place: object = json.loads(truth.read_text(encoding="utf-8")).get("place")
    return place != "ankle"
