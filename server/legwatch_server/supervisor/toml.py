"""Write settings as TOML; the standard library only reads TOML."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def dump(table: Mapping[str, Any]) -> str:
    """Return the TOML text of a table of strings, numbers, lists and tables."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield f"\n[{'.'.join(map(_text, path))}]"
    for key, value in table.items():
        if not isinstance(value, Mapping):
            yield f"{_text(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, (*path, key))


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            return f"{{{', '.join(f'{_text(k)} = {_value(v)}' for k, v in value.items())}}}"
        case _:
            return str(value)


def _text(text: str) -> str:
    # TOML has JSON's escapes. But TOML wants DEL escaped, and allows no escaped surrogates.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
