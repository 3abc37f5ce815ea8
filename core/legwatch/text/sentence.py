"""What the sentences of notifications are made of."""

OwnAndCarer = tuple[str, str]  # for the sleeper, for a carer
FigureValue = float | str | None


def both(sentence: str) -> OwnAndCarer:
    """Return a sentence that is the same for the sleeper and for a carer."""
    return sentence, sentence
