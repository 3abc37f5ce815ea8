"""Text that came from outside, made safe to store, print and show.

JSON can carry half a character (a lone surrogate), which no database and no terminal takes, and
control characters, which a terminal obeys.
"""


def printable(text: str, most: int) -> str:
    """Return at most `most` characters of a text; what cannot be printed becomes `?`."""
    cut = text[:most]
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "?" for c in cut)


def shown(value: object, most: int = 40) -> str:
    """Return a value as an error may quote it: printable, and at most `most` characters."""
    return printable(repr(value), most)
