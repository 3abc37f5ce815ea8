"""Make text from outside safe to store, print and show.

JSON can contain half a character (a lone surrogate), which databases and terminals refuse. JSON can
also contain control characters, which a terminal carries out.
"""


def printable(text: str, most: int) -> str:
    """Cut a text to at most `most` characters; an unprintable character becomes `?`."""
    cut = text[:most]
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "?" for c in cut)


def quoted(value: object, most: int = 40) -> str:
    """Return the repr of a value for an error message: printable, at most `most` characters."""
    try:
        return printable(repr(value), most)
    except ValueError:  # a whole number with more digits than Python prints
        return "a number of thousands of digits"


def shown(text: str, most: int = 80) -> str:
    r"""Make text of a file safe for a terminal: one line of at most `most` characters.

    An unprintable character (control, direction, lone surrogate) becomes an escape such as `\x1b`.
    """
    plain = (
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text.strip()[: most + 1]
    )
    safe = "".join(plain)
    return safe if len(safe) <= most else f"{safe[: most - 1]}…"
