"""Settings: frozen dataclasses filled from TOML; an error names the key's path and range.

Each field is declared with `setting(...)`, the only place of its default.
"""

import dataclasses
import math
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date
from functools import partial
from typing import Any, TypeVar

from legwatch.errors import SettingsError
from legwatch.printable import quoted

T = TypeVar("T")
Form = Callable[[str], str]  # of legwatch.forms: what is wrong with a text, or ""
LONGEST_TEXT = 1000  # characters of a text without lines
LONGEST_VALUE = 80  # characters of a wrong value that an error shows
_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    date: "a date such as 2026-11-23",
}
ALLOWED = "int, float, str, bool, date, X | None, tuple[X, ...], dict[str, X] or a frozen dataclass"


def setting(
    default: Any,
    about: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    form: Form | None = None,
    lines: bool = False,
    part: str = "",
) -> Any:
    """Declare one key: its default, what it is for, and the values it may have.

    `default` may be a dataclass type (the key is a table), or `...` (the key must be given).
    `form` says what is wrong with a text; the default itself, such as "" for none, is always right.
    `lines`: the text may have several. `part`: the value is the number of a part of the board, such
    as a pin, that only one driver can have; this is what such parts are called.
    """
    metadata: dict[str, Any] = {"about": about, "low": low, "high": high, "choices": choices}
    metadata |= {"form": form, "lines": lines, "part": part, "default": default}
    if default is ...:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata=metadata)
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=partial(deepcopy, default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def other_keys(about: str) -> Any:
    """Declare the field that takes all keys of the table that no other field has."""
    return dataclasses.field(default_factory=dict, metadata={"about": about, "rest": True})


def read_table(name: str, read: Callable[[str], str]) -> dict[str, Any]:
    """Parse the TOML file `name`; `read` reads the file. Raises SettingsError."""
    try:
        return tomllib.loads(read(name))
    except OSError as error:
        raise SettingsError(name, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(name, "is not a text file") from None
    except (ValueError, RecursionError) as error:  # ValueError: also a number of too many digits
        raise SettingsError(name, f"not TOML: {error}") from None


def secret(
    name: str, environ: Mapping[str, str], read: Callable[[str], str], *, needed: bool = True
) -> str:
    """Return the secret of the file that `name`_FILE names, else of the variable `name`, else "".

    `read` reads the file. Spaces and line breaks around a secret do not belong to it. Raises
    SettingsError for a secret that cannot be used, so that nothing runs without a secret that the
    owner has given; the error never shows it. One that is not `needed` may be an empty file: a unit
    of systemd names the files of all secrets.
    """
    path = environ.get(f"{name}_FILE")
    if path is None:
        return _usable(environ.get(name, "").strip(), name)
    try:
        found = read(path).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE", f"{path} cannot be read: {error}") from None
    if not found and needed:
        raise SettingsError(f"{name}_FILE", _empty(path, environ.get("CREDENTIALS_DIRECTORY", "")))
    return _usable(found, f"{name}_FILE")


def _empty(path: str, copies: str) -> str:
    """Return what to do about an empty file; `copies`: where systemd has put the unit's secrets."""
    folder, _, name = path.rpartition("/")
    if not folder or (folder != copies and not folder.startswith("/run/credentials/")):
        return f"{path} is empty: write the secret into it"
    file = f"/etc/legwatch/{name}-{'password' if name == 'mqtt' else 'token'}"
    return (
        f"{path} is empty. It is a copy that systemd makes when the unit starts: write the secret"
        f" into the file that LoadCredential={name}: names in the unit, mostly"
        f" {file}, and restart the unit; to read the settings again is not enough"
    )


def _usable(found: str, path: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in found):
        raise SettingsError(path, "the secret has a line break or a control character inside")
    return found


def load(shape: type[T], table: Mapping[str, Any], path: str = "", beside: Sequence[str] = ()) -> T:
    """Fill the dataclass `shape` from a table; raises SettingsError with the key's dotted path.

    `beside`: keys of the same table that are read elsewhere; an error names them, too.
    """
    fields = {f.name: f for f in dataclasses.fields(typing.cast("Any", shape))}
    hints = typing.get_type_hints(shape)
    rest = next((name for name, f in fields.items() if f.metadata.get("rest")), "")
    known = [name for name in fields if name != rest]
    others = {key: value for key, value in table.items() if key not in known}
    if others and not rest:
        key = next(iter(others))
        raise no_such_key(_join(path, key), (*beside, *known), _deeper(shape, key, path))
    values = {
        name: _value(hints[name], table[name], _join(path, name), fields[name].metadata)
        for name in known
        if name in table
    }
    if rest:
        values[rest] = others
    for name, f in fields.items():
        missing = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if missing and name not in values:
            about = f": {f.metadata['about']}" if f.metadata.get("about") else ""
            problem = f"this key must be given{about}{_range(f.metadata)}"
            raise SettingsError(_join(path, name), problem)
    return shape(**values)


def no_such_key(path: str, known: Iterable[str], meant: Iterable[str] = ()) -> SettingsError:
    """Return the error of a key that the table does not have; `known` are the keys that it has.

    `meant`: paths of tables inside that have such a key.
    """
    others = " or ".join(meant)
    hint = f"; did you mean {others}?" if others else ""
    return SettingsError(path, f"no such key; known: {', '.join(known) or 'none'}{hint}")


def _deeper(shape: Any, key: str, path: str) -> Iterator[str]:
    """Yield the path of a key of this name in each table inside that may have it."""
    for name, hint in typing.get_type_hints(shape).items():
        args = typing.get_args(hint)
        many = typing.get_origin(hint) is dict
        inner = args[1] if many else (*args, hint)[0]
        if dataclasses.is_dataclass(inner):
            table = _join(path, f"{name}.NAME" if many else name)
            if key in {field.name for field in dataclasses.fields(inner)}:
                yield _join(table, key)
            yield from _deeper(inner, key, table)


def _value(hint: Any, value: Any, path: str, limits: Mapping[str, Any]) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # X | None: TOML has no null, so X
        return _value(args[0], value, path, limits)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise SettingsError(path, "a table is expected")
        return load(typing.cast("type[Any]", hint), value, path)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise SettingsError(path, "a table is expected")
        if dataclasses.is_dataclass(args[1]):
            return _tables(args[1], value, path, limits)
        return {k: _value(args[1], v, _join(path, k), limits) for k, v in value.items()}
    if origin is tuple:
        if not isinstance(value, list):
            raise SettingsError(path, f"a list is expected{_brackets(args[0], value, path)}")
        return tuple(_value(args[0], v, f"{path}[{i}]", limits) for i, v in enumerate(value))
    if hint is Any:
        return value
    return _scalar(hint, value, path, limits)


def _tables(
    hint: Any, tables: Mapping[str, Any], path: str, limits: Mapping[str, Any]
) -> dict[str, Any]:
    """Return tables by name; equal ones are one object: of thousands of beds most are alike."""
    known: dict[str, Any] = {}
    found = {}
    for name, table in tables.items():
        written = repr(table)  # tells True from 1, which are equal
        if written not in known:
            known[written] = _value(hint, table, _join(path, name), limits)
        found[name] = known[written]
    return found


def unreadable(shape: type[Any]) -> dict[str, Any]:
    """Return the fields of a dataclass whose type no TOML can fill, each with its type."""
    hints = typing.get_type_hints(shape)
    declared = {field.name: hints[field.name] for field in dataclasses.fields(shape)}
    return {name: hint for name, hint in declared.items() if not can_be_read(hint)}


def can_be_read(hint: Any) -> bool:
    """Return True if a field of this type can be filled from TOML: one of ALLOWED."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return len(args) == 2 and args[1] is types.NoneType and can_be_read(args[0])
    if origin is tuple:
        return len(args) == 2 and args[1] is ... and can_be_read(args[0])
    if origin is dict:
        return args[0] is str and (args[1] is Any or can_be_read(args[1]))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return not unreadable(hint)
    return hint in _WORDS  # not Any: a wrong value would be found at night


def word_for(hint: Any) -> str:
    """Return what a value of this type is called, such as `a text`."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return word_for(args[0])
    if origin is tuple:
        return "a list"
    return _WORDS.get(hint, "a table")


def _brackets(hint: Any, value: Any, path: str) -> str:
    """Say how a list of tables is written, to whom has written a table in its place."""
    if not (dataclasses.is_dataclass(hint) and isinstance(value, Mapping)):
        return ""
    return f": write [[{path}]] before each entry, in double brackets and without a name"


def _scalar(hint: Any, value: Any, path: str, limits: Mapping[str, Any]) -> Any:
    if hint is float and type(value) is int:
        value = _as_float(value)
    if type(value) is not hint:
        raise SettingsError(path, f"{_WORDS[hint]} is expected, not {_seen(value)}{_range(limits)}")
    low, high, choices = limits.get("low"), limits.get("high"), limits.get("choices")
    below = low is not None and not value >= low
    above = high is not None and not value <= high
    if below or above or (choices and value not in choices):
        raise SettingsError(path, f"{_seen(value)} is not allowed{_range(limits)}")
    if hint is str:
        _check_text(value, path, limits)
    return value


def _check_text(text: str, path: str, limits: Mapping[str, Any]) -> None:
    if not limits.get("lines") and not text.isprintable():
        raise SettingsError(path, "the text has a line break or a control character inside")
    if not limits.get("lines") and len(text) > LONGEST_TEXT:
        raise SettingsError(path, f"the text has {len(text)} characters; {LONGEST_TEXT} are enough")
    form: Form | None = limits.get("form")
    wrong = form(text) if form and text != limits.get("default") else ""
    if wrong:
        raise SettingsError(path, wrong)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _seen(value: object) -> str:
    """Return a wrong value for an error message."""
    return quoted(value, LONGEST_VALUE)


def _range(limits: Mapping[str, Any]) -> str:
    if limits.get("choices"):
        return f"; one of {', '.join(limits['choices'])}"
    if limits.get("low") is not None and limits.get("high") is not None:
        return f"; allowed {limits['low']:g} to {limits['high']:g}"
    return ""


def _join(path: str, key: str) -> str:
    name = key or '""'
    return f"{path}.{name}" if path else name
