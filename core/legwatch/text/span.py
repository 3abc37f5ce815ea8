"""How long something has lasted, in the words of people: minutes, hours, and days from two on."""

from legwatch.text.language import ENGLISH, Language, marked

HOUR_MIN = 60
DAY_MIN = 24 * HOUR_MIN
_FROM_DAYS = 2  # "36 h" still says more than "1 day"
_DAYS = marked("{days} days")


def span(minutes: float, words: Language = ENGLISH) -> str:
    """Return a duration as people say it; parts that are not full are left out."""
    whole = int(minutes)
    if whole < HOUR_MIN:
        return f"{whole} min"
    if whole >= _FROM_DAYS * DAY_MIN:
        return words.gettext(_DAYS).format(days=whole // DAY_MIN)
    hours, rest = divmod(whole, HOUR_MIN)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
