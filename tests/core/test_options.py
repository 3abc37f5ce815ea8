"""A driver or a channel whose options no settings file could fill is refused at once."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from legwatch.errors import SettingsError
from legwatch.options import annotated, describe, options_type
from legwatch.settings import load, setting


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Table:
    name: str = setting("", "name")


@dataclass(frozen=True)
class Constant:
    ODD: ClassVar[list[str]] = []
    name: str = setting("", "name")


@dataclass(frozen=True)
class Bad:
    file: Path = setting(Path(), "file")


def kind(hint: Any, default: Any = None) -> Any:
    shape = type("Options", (), {"__annotations__": {"a": hint}, "a": setting(default, "a")})
    return type("Odd", (), {"Options": dataclass(frozen=True)(shape)})


WRONG = [
    (list[str], r"list\[str\]"),
    (Path, "Path"),
    (set[int], r"set\[int\]"),
    (bytes, "bytes"),
    (tuple, "tuple"),
    (dict, "dict"),
    (tuple[int, int], r"tuple\[int, int\]"),
    (dict[int, str], r"dict\[int, str\]"),
    (int | str, r"int \| str"),
    (None | int, r"None \| int"),
    (Literal["a"], r"typing\.Literal\['a'\]"),
    (Colour, ""),
    (Bad, ""),
    (tuple[Path, ...], ""),
    (Any, "Any"),
    (Any | None, r"Any"),
    (tuple[Any, ...], r"Any"),
]


@pytest.mark.parametrize(("hint", "shown"), WRONG)
def test_a_type_that_toml_cannot_fill_is_refused_with_the_field(hint: Any, shown: str) -> None:
    words = rf"^Odd: 'a' of its Options cannot be of the type .*{shown}.*; allowed are int, float"
    with pytest.raises(SettingsError, match=words):
        options_type(kind(hint))


@pytest.mark.parametrize(
    ("hint", "given", "found"),
    [
        (int, 1, 1),
        (float, 1, 1.0),
        (str, "x", "x"),
        (bool, True, True),
        (date, date(2026, 1, 1), date(2026, 1, 1)),
        (int | None, 1, 1),
        (tuple[str, ...], ["x"], ("x",)),
        (dict[str, int], {"x": 1}, {"x": 1}),
        (Table, {"name": "x"}, Table("x")),
        (tuple[Table, ...], [{"name": "x"}], (Table("x"),)),
        (dict[str, Any], {"x": 1}, {"x": 1}),
    ],
)
def test_each_type_that_is_allowed_can_be_filled(hint: Any, given: Any, found: Any) -> None:
    assert load(options_type(kind(hint)), {"a": given}).a == found


def test_a_field_without_setting_is_named() -> None:
    shape: Any = dataclass(type("Options", (), {"__annotations__": {"name": int}, "name": 1}))
    with pytest.raises(SettingsError, match=r"^Odd: 'name' of its Options must be declared with"):
        options_type(type("Odd", (), {"Options": shape}))


def test_a_constant_of_the_class_is_no_option() -> None:
    assert options_type(type("Odd", (), {"Options": Constant})) is Constant


def test_a_type_that_is_not_known_is_told() -> None:
    with pytest.raises(SettingsError, match="a type of its Options is not known: name 'Nobody'"):
        options_type(kind("Nobody"))


@dataclass(frozen=True)
class Calibration:
    gain: float = setting(1.5, "gain")


@pytest.mark.parametrize(
    ("hint", "default", "line"),
    [
        (Calibration, Calibration(), "a = { gain = 1.5 }"),
        (date, date(2026, 1, 2), "a = 2026-01-02"),
        (dict[str, float], {"x": 1.5}, "a = { x = 1.5 }"),
        (tuple[str, ...], ["x", "y"], 'a = ["x", "y"]'),
    ],
)
def test_a_default_of_each_allowed_type_is_shown_as_toml_and_taken(
    hint: Any, default: Any, line: str
) -> None:
    options = options_type(kind(hint, default))
    (shown,) = map(annotated, describe(options))
    assert shown.startswith(line)
    assert load(options, {}).a == default


@pytest.mark.parametrize(
    ("hint", "low", "note"),
    [
        (str | None, None, "a; optional, a text"),
        (int | None, 0, "a; 0 to 9; optional, a whole number"),
        (date | None, None, "a; optional, a date such as 2026-11-23"),
        (tuple[str, ...] | None, None, "a; optional, a list"),
        (dict[str, int] | None, None, "a; optional, a table"),
        (Calibration | None, None, "a; optional, a table"),
    ],
)
def test_what_is_optional_is_shown_as_not_set_with_its_type(
    hint: Any, low: float | None, note: str
) -> None:
    made = setting(None, "a", low=low, high=9 if low is not None else None)
    shape: Any = type("Options", (), {"__annotations__": {"a": hint}, "a": made})
    (shown,) = map(annotated, describe(dataclass(frozen=True)(shape)))
    assert " ".join(shown.split()).startswith("# a = ... # a; ")
    assert shown.endswith(f" # {note}")
