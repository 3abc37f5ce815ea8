"""The key of signed links that an owner may give; without one, the server makes a key."""

from legwatch.errors import SettingsError
from legwatch_runtime.secrets import secret

KEY = "LEGWATCH_ANSWER_KEY"
KEY_BYTES = 32


def given_key() -> bytes:
    """Return the key that the owner gives, or nothing; raises SettingsError for a short one."""
    given = secret(KEY).encode()
    if given and len(given) < KEY_BYTES:
        why = f"{len(given)} bytes are too short, a stranger could guess them: give {KEY_BYTES}"
        raise SettingsError(KEY, f"{why} or more, or none: then the server makes a key")
    return given
