"""What legwatch may not say, in no language and on no surface that a person reads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.oncall.people import LANGUAGES
from legwatch.text.message import text, title
from legwatch_runtime.catalogue import language_named
from repository import REPO

LOCALE = REPO / "core/legwatch_runtime/locale"
FORBIDDEN = {
    "a bed's air is not skin": r"\bskin\b|\bhaut",
    "circulation is not measured": r"circulation|blood|durchblut|kreislauf|\bblut",
    "no diagnosis": r"diagnos|medical|clinical|medizinisch|klinisch|patient",
    "no disease": (
        r"disease|illness|thrombo|\bdvt\b|embol|neuropath|diabet|arteri|parkinson|hypotherm|"
        r"unterkühl|krankheit|erkrank|ulcer|dekubit|dehydrat|austrockn"
    ),
    "nothing is prevented or healed": (
        r"prevent|cure|\bheal|treat|therap|reduces|verhinder|vorbeug|vermeide|heil|behandel|lindert"
    ),
    "cramps are neither seen nor foretold": r"cramp|krampf|krämpf",
    "no doses, no drugs": (
        # But for what the note of a damp bed says: by day, and not how much.
        r"\bmg\b|\bdose|dosis|dosier|magnesi|quinin|chinin|tablet|electrolyt(?!es by day)"
        r"|(?<!tagsüber )elektrolyt"
    ),
    "nobody is safe because of us": (
        r"\bsafe\b|guarantee|\bsicher\b|garantier|all is well|alles gut"
    ),
}


def wrong(sentence: str) -> list[str]:
    """Return what a sentence claims and may not."""
    return [
        claim for claim, words_ in FORBIDDEN.items() if re.search(words_, sentence, re.IGNORECASE)
    ]


def catalogues() -> list[Path]:
    return [LOCALE / "legwatch.pot", *sorted(LOCALE.glob("*/LC_MESSAGES/legwatch.po"))]


def sentences(path: Path) -> Iterator[str]:
    """Yield every sentence of a catalogue, as it stands and as it is translated."""
    with path.open("rb") as file:
        for message in read_po(file):
            if message.id:
                yield str(message.id)
                yield str(message.string)


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: str(path.relative_to(LOCALE)))
def test_no_catalogue_claims_what_it_may_not(path: Path) -> None:
    found = list(sentences(path))
    assert len(found) > 100
    assert {sentence: claims for sentence in found if (claims := wrong(sentence))} == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "Your skin temperature is 24 °C",
        "Poor circulation in the legs",
        "Die Durchblutung ist schlecht",
        "This prevents cramps",
        "Das beugt Krämpfen vor",
        "You may have a thrombosis",
        "Take 300 mg of magnesium",
        "Verdacht auf Neuropathie",
        "All is well",
    ],
)
def test_a_claim_would_be_found(sentence: str) -> None:
    assert wrong(sentence)


def test_every_sentence_is_translated() -> None:
    with (LOCALE / "legwatch.pot").open("rb") as file:
        wanted = {message.id for message in read_po(file) if message.id}
    for path in catalogues()[1:]:
        with path.open("rb") as file:
            known = {m.id: m.string for m in read_po(file) if m.id}
        assert wanted - known.keys() == set()
        assert [ident for ident, string in known.items() if not string] == []


FIGURES = (
    ("leg_c", 24.1), ("usual_c", 30.0), ("usual_low_c", 29.0), ("usual_high_c", 31.0),
    ("room_c", 17.0), ("for_min", 20), ("still_min", 130), ("silent_min", 16),
    ("last_good_c", 30.0), ("limit_c", 26.5), ("in_min", 9), ("high_c", 31.2), ("fell_min", 9),
)  # fmt: skip


def notices() -> Iterator[Notice]:
    """Yield every kind of notice with every reason."""
    for kind in AlertKind:
        for what in TransitionKind:
            for level in Severity:
                for reason in Reason:
                    yield Notice(0, kind, what, level, reason, FIGURES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("carer", [False, True], ids=["sleeper", "carer"])
def test_no_push_claims_what_it_may_not_and_all_fit_on_a_lock_screen(
    language: str, carer: bool
) -> None:
    said = language_named(language)
    for notice in notices():
        heading = title(notice, said, carer=carer)
        body = text(notice, said, carer=carer)
        assert wrong(f"{heading} {body}") == [], (notice.kind, notice.transition, notice.reason)
        assert "{" not in heading + body
        assert 0 < len(heading) <= 60, heading
        assert 0 < len(body) <= 300, body


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alarm_says_what_was_seen_since_when_and_what_to_do(language: str) -> None:
    cold = Notice(
        0, AlertKind.COLD, TransitionKind.FIRED, Severity.WARNING, Reason.UNCOVERED, FIGURES
    )
    said = text(cold, language_named(language))
    degrees = "24,1 °C" if language == "de" else "24.1 °C"
    assert degrees in said
    assert "9 min" in said
    assert ("31,2 °C" if language == "de" else "31.2 °C") in said
    assert ("Deck deine Beine zu." if language == "de" else "Cover your legs.") in said
