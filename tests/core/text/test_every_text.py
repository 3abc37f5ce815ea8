"""Every text that a person can get, in each language, for all that may be known or not."""

import re

import pytest
from scripts.every_text import FIRING, Said, every, notices, sentences

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Reason
from legwatch.contract.roles import ROLES
from legwatch.events import AlertKind, FactKind
from legwatch.oncall.people import LANGUAGES
from legwatch.text.faults import NAMES
from legwatch_runtime.catalogue import language_named

SAID = list(
    {
        (one.language, one.carer, one.why, one.title, one.text): one for one in every()
    }.values()
)  # fmt: skip
PLACES = {
    "en": r"\b(bed|beds|bedside|bedsides|legs|ankle|room|server|server's|servers)\b",
    "de": r"Bett|Bein|Knöchel|Zimmer|Server|Raum",
}
# What every English sentence has and no German one.
ENGLISH = re.compile(
    r"\b(the|is|are|has|not|your|by|for|and|of|it|some|time|you|unknown)\b", re.IGNORECASE
)
CALM = r"warm again|wieder warm|is over|ist vorbei|are back|is back"


def failing(what: str) -> list[Said]:
    """Return the texts in which a pattern is found."""
    return [one for one in SAID if re.search(what, f"{one.title}. {one.text}")]


def test_there_are_texts_of_every_kind() -> None:
    assert len(SAID) > 500
    assert {one.language for one in SAID} == set(LANGUAGES)
    assert {one.notice.kind for one in SAID} == {*AlertKind, *FactKind}
    assert {one.notice.transition for one in SAID} == set(TransitionKind)


@pytest.mark.parametrize(
    "what", [r"[{}]", r"\bNone\b", r"  ", r"\bnan\b", r" [.,;:]", r"\.\.", r"^$", r"\b0 (min|h)\b"]
)
def test_no_text_has_what_only_a_program_understands(what: str) -> None:
    assert failing(what) == []


def test_every_text_is_whole_sentences_that_fit_on_a_lock_screen() -> None:
    for one in SAID:
        assert 0 < len(one.title) <= 60, one.title
        assert 0 < len(one.text) <= 300, one.text
        assert one.text.endswith("."), one.text
        assert not one.title.endswith("."), one.title
        assert one.text[0].isupper() or one.text[0].isdigit(), one.text
        assert one.text.count("(") == one.text.count(")"), one.text


def test_german_is_german() -> None:
    german = language_named("de").gettext
    for one in SAID:
        if one.language == "de":
            said = re.sub(r"`[^`]+`|http\.port|mqtt\.client_id", "", f"{one.title} {one.text}")
            assert not ENGLISH.search(said), said
    for sentence in sentences():
        assert german(sentence) != sentence
        holes = re.compile(r"\{\w+\}")
        assert sorted(holes.findall(german(sentence))) == sorted(holes.findall(sentence)), sentence


def test_a_mute_sensor_has_a_name_that_people_know() -> None:
    mute = {one.text for one in SAID if one.notice.reason is Reason.SENSOR_MUTE}
    for role in ROLES:
        assert role.name in NAMES, f"give {role.name!r} a name for people in NAMES of legwatch.text"
        assert any(NAMES[role.name] in text for text in mute), role.name
        german = language_named("de").gettext(NAMES[role.name])
        assert german != NAMES[role.name]
        assert any(german in text for text in mute), role.name
    named = {
        name for text in mute for name in text.partition(": ")[2].partition(".")[0].split(", ")
    }
    assert named.isdisjoint(role.name for role in ROLES)


def test_english_would_be_found() -> None:
    assert all(
        ENGLISH.search(one.text) for one in SAID if one.language == "en" and len(one.text) > 60
    )


# They are about the sleeper or about people, and the push has the bed's name beside them.
NO_PLACE = {
    Reason.MOVEMENT_SILENT,
    Reason.MOVEMENT_MISSING,
    Reason.MOVEMENT_NOISY,
    Reason.NO_PUSH_LEAVES,
    Reason.SENSOR_MUTE,
}


def test_every_text_of_a_thing_names_where_it_is() -> None:
    told = (*FIRING, TransitionKind.EXPECTED, TransitionKind.REPORTED)
    for one in SAID:
        notice = one.notice
        known = notice.kind is not AlertKind.SENSOR or dict(notice.figures).get("sensor")
        of_thing = notice.kind is not AlertKind.STILL and notice.reason not in NO_PLACE
        if notice.transition in told and of_thing and known:
            assert re.search(PLACES[one.language], f"{one.title} {one.text}"), one


def test_a_sensor_is_named_if_it_is_known() -> None:
    for one in SAID:
        if one.notice.reason in (Reason.NO_READINGS, Reason.IMPLAUSIBLE) and one.notice.figures:
            place = dict(one.notice.figures).get("sensor")
            if place in ("leg", "room") and one.notice.transition in FIRING:
                assert re.search("leg|Bein" if place == "leg" else "room|Zimmer", one.text)


def test_no_text_calms_when_data_are_missing() -> None:
    for one in SAID:
        if one.notice.transition in (TransitionKind.UNKNOWN, *FIRING):
            assert not re.search(CALM, one.title), one.title
        if one.notice.transition is TransitionKind.UNKNOWN:
            assert re.search("I do not know|weiß ich nicht", one.text)
            assert re.search("Please|Bitte", one.text), "it says what to do"
    for one in SAID:
        figures = dict(one.notice.figures)
        ended = one.notice.transition is TransitionKind.RESOLVED
        if ended and one.notice.kind is AlertKind.COLD and figures.get("leg_c") is None:
            assert not re.search("legs|Beinen", one.title), one.title


ADVICE = (
    r"Cover|Put|Turn|Help|Check|Give|Stop|Update|[Pp]lease|Deck|Zieh|Dreh|Leg |Beim"
    r"|[Bb]itte|legwatch|zudecken|anbieten|bring|Drink|Offer|Warm|Trink|Wärm|Look"
)
# What is only told: nobody can do anything about it, or it is over.
ONLY_TOLD = {
    Reason.WINDOWS_LOST,
    Reason.MEMORY_LOST,
    Reason.WINDOWS_UNREAD,
    Reason.LIT_AT_BED,
    Reason.ANSWERED_AT_BED,
    Reason.OVER_AT_BED,
}


def test_every_alert_says_what_to_do() -> None:
    for one in SAID:
        does = one.notice.transition in (*FIRING, TransitionKind.REPORTED, TransitionKind.EXPECTED)
        if does and one.notice.reason not in ONLY_TOLD:
            assert re.search(ADVICE, one.text), one.text


def test_the_cold_of_a_room_has_its_temperature_if_it_is_known() -> None:
    for one in SAID:
        if one.notice.reason is Reason.COLD_ROOM and dict(one.notice.figures).get("room_c"):
            assert re.search(r"17[.,]0 °C", one.text)


def test_every_reason_is_said() -> None:
    told = {notice.reason for notice in notices()}
    assert set(Reason) - told <= {Reason.BY_PERSON, Reason.BACK}
