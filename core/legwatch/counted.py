"""A number with what it counts, in English: of one thing there is no plural."""


def counted(number: int, thing: str) -> str:
    """Return such as `1 night` or `2 nights`; `thing` is a word whose plural ends with s."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
