"""New names for the channels of a replay file: what would mix two channels, or name none."""

from collections.abc import Collection, Sequence

from legwatch.printable import shown


def fault(pairs: Sequence[tuple[str, str]], columns: Collection[str]) -> str:
    """Return in one sentence why a file with these columns cannot be renamed so; empty: it can.

    Two channels under one name would be one sensor with the values of both.
    """
    why = _twice(pairs) or _unknown(pairs, columns) or _mixed(dict(pairs), columns)
    return f"{why}; columns of the file: {_listed(columns)}" if why else ""


def _twice(pairs: Sequence[tuple[str, str]]) -> str:
    given = [old for old, _ in pairs]
    twice = next((old for old in given if given.count(old) > 1), None)
    return "" if twice is None else f"the column {_quoted(twice)} is given twice"


def _unknown(pairs: Sequence[tuple[str, str]], columns: Collection[str]) -> str:
    missing = next((old for old, _ in pairs if old not in columns), None)
    return "" if missing is None else f"the file has no column {_quoted(missing)}"


def _mixed(renames: dict[str, str], columns: Collection[str]) -> str:
    first: dict[str, str] = {}
    for old in (*renames, *sorted(set(columns) - set(renames))):
        new = renames.get(old, old)
        if new in first:
            both = f"{_quoted(first[new])} and {_quoted(old)}"
            return f"{both} would both be {shown(new, 40)}"
        first[new] = old
    return ""


def _quoted(name: str) -> str:
    return f"'{shown(name, 40)}'"


def _listed(columns: Collection[str]) -> str:
    """List the columns; an error of settings has room for a dozen."""
    names = [shown(name, 40) for name in sorted(columns)]
    rest = len(names) - 12
    return ", ".join(names[:12]) + (f" and {rest} more" if rest > 0 else "") or "none"
