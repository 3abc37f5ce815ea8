"""Entry points, by which other packages add drivers, channels and commands; and whose one is."""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PACKAGES = frozenset(
    {"legwatch", "legwatch_runtime", "legwatch_device", "legwatch_server", "legwatch_lab"}
)  # of the shipped ones


class Entry(NamedTuple):
    """An entry point; `rivals` are those of other packages with the same name."""

    point: "EntryPoint"
    rivals: "tuple[EntryPoint, ...]" = ()


def entries(group: str) -> dict[str, Entry]:
    """Return the entry points of a group by name.

    A shipped one goes before another package's of the same name, so that an installation never
    takes a driver or a channel away from a bed that has it.
    """
    found: dict[str, list[EntryPoint]] = {}
    for point in _points(group):
        alike = found.setdefault(point.name, [])
        if point.value not in [one.value for one in alike]:
            alike.append(point)
    return {name: _entry(alike) for name, alike in found.items()}


def origin(point: "EntryPoint") -> str:
    """Return the entry point and its distribution, such as `webhook:Webhook of my-channels 1.0`."""
    return f"{point.value} of {distribution(point) or 'an unknown package'}"


def distribution(point: "EntryPoint") -> str:
    """Return the name and the version of the package of an entry point; empty: not known."""
    try:
        dist = point.dist
        return "" if dist is None else f"{dist.metadata['Name']} {dist.version}"
    except Exception:  # noqa: BLE001 - what pip has left of a package may be anything
        return ""


def module(point: "EntryPoint") -> str:
    """Return the module of an entry point, also of one that Python cannot take apart."""
    return point.value.partition(":")[0].partition("[")[0].strip()


def named(point: "EntryPoint") -> str:
    """Return what an entry point names in its module."""
    return point.value.partition(":")[2].partition("[")[0].strip()


def check_written(point: "EntryPoint") -> None:
    """Raise RuntimeError for an entry point that names no thing in a module.

    Python cannot take some apart, as with a hyphen, and takes one without a colon for a module.
    """
    if point.pattern.match(point.value) is None or not named(point):
        raise RuntimeError(
            f"{point.value!r} is not written as module:name; a module has letters, digits, _ and ."
        )


def is_ours(point: "EntryPoint") -> bool:
    """Return True for an entry point of legwatch itself; to read whose it is would take time."""
    return module(point).partition(".")[0] in PACKAGES


def reason(error: BaseException) -> str:
    """Return in one line why a package cannot be loaded, or what it has raised."""
    if isinstance(error, ModuleNotFoundError):
        return f"it needs the module {error.name}, which is not installed"
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - also the text of an error is another package's code
        text = ""
    if text and isinstance(error, OSError | RuntimeError):
        return text  # the words of the machine or of a library, and clear without a kind
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind


def place(error: BaseException, method: Any = None) -> str:
    """Return where an error was raised, such as ` (/x/y.py:7)`, for the author of the package.

    `method`: what was called. One that was never entered, since it takes other arguments, has not
    raised it: then the place is that of the method.
    """
    code, entered, trace = _code(method), False, error.__traceback__
    while trace is not None:
        entered = entered or trace.tb_frame.f_code is code
        if trace.tb_next is None:
            break
        trace = trace.tb_next
    if code is not None and not entered:
        return place_of(method)
    return "" if trace is None else f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"


def place_of(method: Any) -> str:
    """Return where a method is written, such as ` (/x/y.py:7)`; empty: not known."""
    while hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    code = _code(method)
    return "" if code is None else f" ({code.co_filename}:{code.co_firstlineno})"


def _code(method: Any) -> Any:
    """Return the code that a call of a method enters; None: not known, as of a library in C."""
    return getattr(method, "__code__", None)


def _entry(alike: "list[EntryPoint]") -> Entry:
    if len(alike) == 1:
        return Entry(alike[0])
    ours = [point for point in alike if is_ours(point)]
    return Entry(ours[0]) if ours else Entry(alike[0], tuple(alike[1:]))


def _points(group: str) -> "list[EntryPoint]":
    from importlib.metadata import distributions, entry_points  # noqa: PLC0415 - slow to import

    try:
        return list(entry_points(group=group))
    except Exception:  # noqa: BLE001 - the entry points of one package cannot be read: without it
        return [point for dist in distributions() for point in _points_of(dist, group)]


def _points_of(dist: object, group: str) -> "list[EntryPoint]":
    try:
        points = dist.entry_points  # type: ignore[attr-defined]
        return [point for point in points if point.group == group]
    except Exception:  # noqa: BLE001 - this is the one that cannot be read
        return []
