"""The options of drivers and channels: read them from their table, and describe them for people.

A driver or a channel declares its keys in a class attribute `Options`, a frozen dataclass whose
fields are made by `legwatch.settings.setting`. Errors, help and examples are all made from it.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, NamedTuple, get_type_hints

from legwatch.errors import OptionError, SettingsError
from legwatch.settings import ALLOWED, load, unreadable, word_for

_UNITS = {"s": "s", "min": "min", "h": "h", "c": "°C", "pct": "%"}  # by the end of the key
_COLUMN = 42  # of the remarks in annotated tables


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a driver or a channel that declares none."""


@dataclass(frozen=True, slots=True)
class Option:
    """One key of a table, with all that a person has to know of it."""

    key: str
    default: Any  # None: not set
    required: bool  # the key must be given
    about: str
    unit: str  # empty: a number without a unit, or no number
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    what: str = "a text"  # what its value is

    @property
    def note(self) -> str:
        """Return the remark that stands behind the key in an annotated table."""
        note = self.about
        if self.choices:
            note += f"; one of {', '.join(self.choices)}"
        if self.low is not None and self.high is not None:
            note += f"; {self.low:g} to {self.high:g} {self.unit}".rstrip()
        if self.required:
            return f"{note}; must be given"
        return f"{note}; optional, {self.what}" if self.default is None else note


@dataclass(frozen=True, slots=True)
class Door:
    """A table of a settings file whose keys are declared by a driver or a channel."""

    table: str  # its path; {name} in it is the name of the channel
    about: str
    group: str  # the entry points that may fill it
    place: type[Any] = NoOptions  # the keys that the table has with every driver; one is `driver`


def options_type(kind: Any) -> type[Any]:
    """Return the class of the options of a driver or a channel; raises SettingsError."""
    declared: type[Any] = getattr(kind, "Options", NoOptions)
    if not dataclasses.is_dataclass(declared):
        raise SettingsError(_name(kind), "its Options must be a frozen dataclass")
    for field in dataclasses.fields(declared):
        if "about" not in field.metadata:
            how = "legwatch.settings.setting(default, about)"
            why = f"{field.name!r} of its Options must be declared with {how}"
            raise SettingsError(_name(kind), why)
    _check_types(kind, declared)
    return declared


def _check_types(kind: Any, declared: type[Any]) -> None:
    """Raise SettingsError for a field of a type that no TOML can fill, before its key is given."""
    try:
        wrong = unreadable(declared)
    except (NameError, TypeError) as error:  # a type that only a checker of types imports
        raise SettingsError(_name(kind), f"a type of its Options is not known: {error}") from None
    for field, hint in wrong.items():
        shown = hint.__name__ if isinstance(hint, type) else str(hint)
        why = f"{field!r} of its Options cannot be of the type {shown}; allowed are {ALLOWED}"
        raise SettingsError(_name(kind), why)


def check_names(kind: Any, taken: Sequence[str]) -> None:
    """Raise SettingsError for an option whose key `taken` has: it would never get a value."""
    for field in dataclasses.fields(options_type(kind)):
        if field.name in taken:
            why = f"{field.name!r} of its Options has the name of a key that legwatch reads itself"
            raise SettingsError(_name(kind), f"{why} in every such table: give it another name")


def check_methods(kind: Any, methods: Sequence[str], path: str) -> None:
    """Raise SettingsError if a driver or a channel lacks a method, before it is missed at night."""
    for method in methods:
        if not callable(getattr(kind, method, None)):
            raise SettingsError(path, f"{_name(kind)} has no method {method!r}")


def _name(kind: Any) -> str:
    return str(getattr(kind, "__qualname__", kind))


def read_options(kind: Any, table: Mapping[str, Any], path: str, beside: Sequence[str] = ()) -> Any:
    """Return the options of a driver or a channel, filled from its table at `path`.

    `beside`: keys of this table that are not the driver's. Options with a method `check` check
    themselves with it, for what no single key can tell. Raises
    SettingsError with the full path of the wrong key, and what is allowed there.
    """
    options = load(options_type(kind), table, path, beside)
    check_options(options, path)
    list(parts(options))  # what its own method raises is met here
    return options


def check_options(options: Any, path: str) -> None:
    """Let options check themselves; raises SettingsError with the full path of the wrong key."""
    check = getattr(options, "check", None)
    if check is None:
        return
    try:
        check()
    except OptionError as error:
        raise error.under(path) from None


class Part(NamedTuple):
    """A part of the bed's hardware that the options of a driver take: a pin, a bus, a sensor."""

    key: str  # of the option that takes it
    name: str  # what people call it, such as `GPIO 4`
    device: str = ""  # a second driver of this same device may take it, too; empty: none may


def parts(options: Any) -> Iterator[Part]:
    """Yield each part that options take.

    A part is the number of an option that is declared so, or stands in what the options' own method
    `parts` returns: such as the pins of a bus, which are no option, or the sensor at an address.
    """
    for field in dataclasses.fields(options):
        what, number = field.metadata.get("part"), getattr(options, field.name)
        if what and number is not None:
            yield Part(field.name, f"{what} {number}")
    own = getattr(options, "parts", None)
    if callable(own):
        yield from (Part(*part) for part in own())


class Board:
    """The parts of one bed, such as its pins and its sensors: each is of one device only."""

    def __init__(self) -> None:
        self._by: dict[str, tuple[str, str]] = {}  # part -> the key that takes it, and its device

    def take(self, options: Any, path: str) -> None:
        """Take the parts of a table's options; raises SettingsError for one that is taken."""
        for key, name, device in parts(options):
            ours = f"{path}.{key}"
            by, other = self._by.setdefault(name, (ours, device))
            if by != ours and not (device and device == other):
                raise SettingsError(ours, f"{name} is taken by {by}{_as(other)}{_each(device)}")


def _as(device: str) -> str:
    return f" as {device}" if device else ""


def _each(device: str) -> str:
    return f", and here it is {device}" if device else "; each needs its own"


def describe(shape: type[Any]) -> tuple[Option, ...]:
    """Return the keys of a class of settings, in their order."""
    declared = (field for field in dataclasses.fields(shape) if not field.metadata.get("rest"))
    hints = get_type_hints(shape)
    return tuple(_option(field, word_for(hints[field.name])) for field in declared)


def annotated_table(door: Door, name: str, kind: Any) -> list[str]:
    """Return the lines of a TOML table for the driver or channel `name`, each key with its remark.

    `kind` is the class of the driver or channel.
    """
    options = (*describe(door.place), *describe(options_type(kind)))
    return [
        f"[{door.table.format(name=name)}]",
        *(f'driver = "{name}"' if o.key == "driver" else annotated(o) for o in options),
    ]


def annotated(option: Option) -> str:
    """Return the line of an option in an annotated TOML file; a # before it: not set.

    Of a key that is not set, or must be given, there is no value to show: one that is pasted would
    be taken.
    """
    mark = "# " if option.default is None else ""
    line = f"{mark}{option.key} = {'...' if option.default is None else toml(option.default)}"
    return f"{line:<{_COLUMN - 1}} # {option.note}"


def _option(field: "dataclasses.Field[Any]", what: str) -> Option:
    facts = field.metadata
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    required = default is dataclasses.MISSING
    unit = _UNITS.get(field.name.rpartition("_")[2], "") if "_" in field.name else ""
    return Option(
        key=field.name,
        default=None if required else default,
        required=required,
        about=facts["about"],
        unit=unit,
        low=facts["low"],
        high=facts["high"],
        choices=facts["choices"],
        what=what,
    )


def toml(value: Any) -> str:
    """Return a value as a TOML file has it, so that it can be pasted."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return toml({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)  # also inf and nan, which JSON writes otherwise
    return json.dumps(value, ensure_ascii=False)
