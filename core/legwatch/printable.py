"""Text that came from outside, made safe to store, print and show.

JSON can carry half a character (a lone surrogate), which no database and no terminal takes, and
control characters, which a terminal obeys.
"""


def printable(text: str, most: int) -> str:
    """Return at most `most` characters of a text; what cannot be printed becomes `?`."""
    cut = text[:most]
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "?" for c in cut)


def quoted(value: object, most: int = 40) -> str:
    """Return a value as an error may quote it: printable, and at most `most` characters."""
    return printable(repr(value), most)


def shown(text: str, most: int = 80) -> str:
    r"""Return text of a file fit for a terminal: at most `most` characters, one line.

    What is no plain character (control, direction, half a pair) is written out, such as `\x1b`.
    """
    plain = (
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text.strip()[: most + 1]
    )
    safe = "".join(plain)
    return safe if len(safe) <= most else f"{safe[: most - 1]}…"
