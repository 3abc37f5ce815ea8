"""`legwatch check-config` says no error that comes only from what it took out to find the rest."""

from collections.abc import Mapping
from typing import Any

import pytest

from legwatch_server.cli.problems import problems
from legwatch_server.settings import ServerSettings

LISA = {"channels": ["console"]}
BOTH = [{"people": ["tom", "lisa"]}]
NO_TOPIC = "people.tom.address.ntfy: a topic must be given for the ntfy channel"


def said(**table: Any) -> list[str]:
    return list(problems(ServerSettings, {"zone": "UTC", "roster": BOTH, **table}))


@pytest.mark.parametrize(
    ("tom", "wrong"),
    [
        ({"channels": ["ntfy"]}, [NO_TOPIC]),
        ({"channels": ["ntfy"], "address": {"ntfy": "a b"}}, ["people.tom.address.ntfy: a topic"]),
        ({"channels": ["pushover"]}, ["people.tom.address.pushover: a user key must be given"]),
        (
            {"channels": ["ntfy"], "address": {"nfty": "legs-at-home"}},
            ["people.tom.address.nfty: no such key", NO_TOPIC],
        ),
        (3, ["people.tom: a table is expected"]),
    ],
)
def test_a_person_with_an_error_is_not_said_to_be_nobody(tom: Any, wrong: list[str]) -> None:
    lines = said(people={"tom": tom, "lisa": LISA})
    assert len(lines) == len(wrong), lines
    for line, words in zip(lines, wrong, strict=True):
        assert line.startswith(words)


def test_what_such_a_person_watches_is_watched() -> None:
    tom = {"channels": ["ntfy"], "beds": ["left"]}
    lisa = {**LISA, "beds": ["right"]}
    shift = {"people": ["tom"], "beds": ["left"]}
    table = {"people": {"tom": tom, "lisa": lisa}, "roster": [shift]}
    assert said(**table, beds={"left": {}}) == [NO_TOPIC]
    nobody = "beds.third: nobody watches bed 'third'; set people.<name>.beds"
    assert sorted(said(**table, beds={"left": {}, "third": {}})) == [nobody, NO_TOPIC]


def test_such_a_person_can_still_be_woken() -> None:
    lisa = {**LISA, "woken_for": {"cold": "never"}}
    assert said(people={"tom": {"channels": ["ntfy"]}, "lisa": lisa}) == [NO_TOPIC]


@pytest.mark.parametrize("name", ["Tom Smith", "Jürgen", "汤姆", "t" * 40])
def test_of_a_name_that_cannot_be_one_only_that_is_said(name: str) -> None:
    people = {name: {"beds": ["left"]}, "lisa": {"beds": ["right"]}}
    table: Mapping[str, Any] = {"people": people, "beds": {"left": {}, "right": {}}}
    wrong = f"people.{name}: a name is 1-32 letters, digits and -"
    assert said(**table, roster=[{"people": [name, "lisa"]}]) == [wrong]
    first, second = said(**table, roster=[{"people": [name, "lsia"]}])
    assert first == wrong
    assert second.startswith("roster[0].people: nobody is called 'lsia'; known: ")


def test_two_such_names_that_are_alike_are_two_people() -> None:
    names = ["汤姆", "丽莎"]
    lines = said(people={name: {} for name in names}, roster=[{"people": names}])
    assert [line.split(": ")[0] for line in lines] == [f"people.{name}" for name in names]


def test_of_people_and_beds_that_are_no_tables_only_that_is_said() -> None:
    shift = [{"people": ["lisa"], "beds": ["left"]}]
    assert said(people=3) == ["people: a table is expected"]
    for beds, wrong in ((3, "beds"), ({"left": 3}, "beds.left")):
        lines = said(people={"lisa": LISA}, beds=beds, roster=shift)
        assert lines == [f"{wrong}: a table is expected"]


def test_several_true_errors_are_all_said() -> None:
    people = {
        "tom": {"channels": ["ntfy"], "role": "boss"},
        "lisa": {"channels": ["pushover"]},
        "max": {"channels": ["ntfy"], "address": {"ntfy": "a b"}},
    }
    lines = said(people=people, roster=[{"people": ["tom", "lsia"]}], rules={"warmth.warn_c": 99})
    assert sorted(line.split(": ")[0] for line in lines) == [
        "people.lisa.address.pushover",
        "people.max.address.ntfy",
        "people.tom.address.ntfy",
        "people.tom.role",
        "roster[0].people",
        "rules.warmth.warn_c",
    ]
