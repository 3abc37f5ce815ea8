"""The translations of the texts: one folder for each language, in the package."""

import gettext
from functools import cache
from pathlib import Path

from legwatch.errors import SettingsError
from legwatch.oncall.people import LANGUAGES
from legwatch.text.language import ENGLISH, Language

DOMAIN = "legwatch"
_DECIMAL = {"de": ","}


@cache
def language_named(language: str) -> Language:
    """Return a language with its translations; raises SettingsError for an unknown language."""
    if language not in LANGUAGES:
        raise SettingsError("language", f"{language!r}: one of {', '.join(LANGUAGES)}")
    if language == "en":
        return ENGLISH
    folder = Path(__file__).with_name("locale")
    catalogue = gettext.translation(DOMAIN, folder, [language])
    return Language(catalogue.gettext, _DECIMAL[language])
