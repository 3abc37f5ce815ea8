"""Drivers and channels by name: each is an entry point, the shipped ones too."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from legwatch.entry import PACKAGES, check_written, entries, is_ours, module, origin, reason
from legwatch.errors import CannotRun, SettingsError
from legwatch.options import check_methods, check_names, options_type, read_options
from legwatch_runtime import shipped, strange_threads
from legwatch_runtime.bounded_call import call_within
from legwatch_runtime.calls import Call

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

LOADS_WITHIN_S = 30.0  # a large library on a small board
NOT_BEFORE = "start legwatch again"  # in the words for what is not tried before that
T = TypeVar("T")
_begun: set[str] = set()  # what the log has named
_whose: dict[tuple[str, str], str] = {}  # what was loaded here, and may be uninstalled meanwhile


class CannotLoad(CannotRun):
    """A driver or a channel is installed and cannot be used; the settings may be right.

    `path` is the settings key that names it.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


def names(group: str) -> list[str]:
    """Return the names of all installed drivers or channels of a group, sorted."""
    ours = shipped.names(group)
    return sorted(entries(group) if ours is None else ours)


def is_installed(group: str, name: str) -> bool:
    """Return True if there is a driver or channel of this name."""
    return shipped.target(group, name) is not None or name in entries(group)


def lacks(group: str, name: str, word: str) -> str:
    """Return what is said of a name that is not installed; empty: there is one."""
    return "" if is_installed(group, name) else _no_such(group, name, word)


def load(
    group: str,
    name: str,
    path: str,
    word: str,
    methods: Sequence[str] = (),
    *,
    taken: Sequence[str] = (),
) -> Any:
    """Return the class of a driver or channel; `word` is what the error calls it.

    `taken`: keys of its table that legwatch reads itself.

    Raises SettingsError at `path` for an unknown name, CannotLoad for a package that cannot be
    imported, or whose class has not the methods or the Options that are needed.
    """
    if (kind := _shipped(group, name, methods)) is not None:
        return kind
    found = entries(group)
    if name not in found:
        raise SettingsError(path, _no_such(group, name, word))
    point, rivals = found[name]
    if rivals:
        others = ", ".join(origin(rival) for rival in rivals)
        why = f"has the name of {others}: uninstall one of them"
        raise CannotLoad(path, f"{_what(word, point)} {why}")
    if not is_ours(point):
        _whose[group, name] = _in_brackets(point)
        strange_threads.note(point)
    try:
        kind = _loaded(point, group, word)
        check_methods(kind, methods, path)
        check_names(kind, taken)
    except SettingsError as error:
        why = f"cannot be used: {error.problem}"
        raise CannotLoad(path, f"{_what(word, point)} {why}") from error
    except (Exception, SystemExit) as error:
        why = f"cannot be loaded: {reason(error)}{_remedy(error, point)}"
        raise CannotLoad(path, f"{_what(word, point)} {why}") from error
    return kind


def _no_such(group: str, name: str, word: str) -> str:
    return f"no {word} {name!r}; installed: {', '.join(names(group)) or 'none'}"


def _shipped(group: str, name: str, methods: Sequence[str]) -> Any | None:
    """Return a shipped class; None: it is none, or it cannot be used, which `load` then explains.

    For a shipped one nobody needs to look through all packages.
    """
    if (target := shipped.target(group, name)) is None:
        return None
    try:
        kind = shipped.load(target)
        check_methods(kind, methods, name)
        options_type(kind)
    except (Exception, SystemExit):  # noqa: BLE001 - `load` meets it again
        return None
    return kind


def read(
    group: str,
    kind: Any,
    named: tuple[str, str],
    table: Mapping[str, Any],
    path: str,
    beside: Sequence[str] = (),
) -> Any:
    """Return the options of a driver or channel from its table at `path`.

    `named` is what errors call it, and its name; `beside`: keys of the table that it does not read.
    Raises SettingsError for a wrong key, CannotLoad
    if the options' own check fails: that is an error of the package, and not of the settings.
    """
    word, name = named
    stranger = whose(group, name)
    if not stranger:
        return read_options(kind, table, path, beside)
    key = f"{group}{stranger} {path}"

    def checked() -> Any:
        with Call(f"{word} {name!r}{stranger}", "checking the options of"):
            return read_options(kind, table, path, beside)

    try:
        return call_within(key, checked, LOADS_WITHIN_S)
    except (SettingsError, CannotLoad):
        raise
    except (Exception, SystemExit) as error:
        why = f"cannot check its options: {reason(error)}"
        raise CannotLoad(path, f"{word} {name!r}{stranger} {why}") from error


def makes_values(kind: Any) -> bool:
    """Return True if a driver declares that it measures nothing, and makes its values."""
    return getattr(kind, "MAKES_VALUES", False) is True


def _what(word: str, point: "EntryPoint") -> str:
    return f"{word} {point.name!r} ({origin(point)})"


def whose(group: str, name: str) -> str:
    """Return ` (module:Class of package 1.0)` for another package's; empty for a shipped one.

    One that is loaded still runs when its package is gone: then it is whose it was.
    """
    if shipped.target(group, name) is not None:
        return ""
    found = entries(group).get(name)
    if found is None:
        return _whose.get((group, name), "")
    return "" if is_ours(found.point) else _in_brackets(found.point)


def whose_loaded(group: str, name: str) -> str:
    """Return what `whose` says of another package's that was loaded here, without a search."""
    return _whose.get((group, name), "")


def _in_brackets(point: "EntryPoint") -> str:
    return f" ({origin(point)})"


def begins(what: str) -> None:
    """Log once what another package begins: if that ends the process, the last lines name it."""
    import logging  # noqa: PLC0415 - a short command needs no log

    if what not in _begun:
        _begun.add(what)
        logging.getLogger(__name__).info("%s", what)


def _loaded(point: "EntryPoint", group: str, word: str) -> Any:
    if is_ours(point):
        return point.load()
    check_written(point)
    what = _what(word, point)
    begins(f"importing {what}")
    # The key is the module: while one class of it hangs in the import, so does every other.
    key, load = f"import {module(point)}", partial(_load, point.name, point.value, group)
    if module(point) in sys.modules:
        return call_within(key, load, LOADS_WITHIN_S)
    return first_apart(key, load, LOADS_WITHIN_S, Call(what, "importing"))


def _load(name: str, value: str, group: str) -> Any:
    from importlib.metadata import EntryPoint  # noqa: PLC0415 - slow to import

    return EntryPoint(name, value, group).load()


def first_apart(key: str, call: Callable[[], T], within_s: float, noted: Call) -> T:
    """Make a call of another package's code, first in a process of its own; here it is `noted`.

    Raises RuntimeError if it ends that process natively, or ended one before; else as
    `call_within`, after at most 10 s more.
    """
    from legwatch_runtime.apart import TRIED_WITHIN_S, how_it_ends  # noqa: PLC0415 - only for other packages

    def both() -> T:
        if how := how_it_ends(key, call):
            again = f"once it is mended, {NOT_BEFORE}"
            raise RuntimeError(f"it ends the process that it runs in ({how}); {again}")
        with noted:
            return call()

    made: T = call_within(key, both, within_s + TRIED_WITHIN_S)
    return made


def _remedy(error: BaseException, point: "EntryPoint") -> str:
    if not isinstance(error, ModuleNotFoundError):
        return ""
    missing = (error.name or "?").split(".")[0]
    if missing in PACKAGES:
        return "; it is made for another version of legwatch"
    if missing == module(point).split(".")[0]:
        return "; install the package anew"
    return f": {sys.executable} -m pip install {missing}"
