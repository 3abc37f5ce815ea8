"""What a text of the settings must look like: each form returns what is wrong, or an empty text."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

ADDRESS = "an address with http:// or https:// is expected"


def some(text: str) -> str:
    """Any text but an empty one."""
    return "" if text.strip() else "a text that is not empty is expected"


def host(text: str) -> str:
    """Name or address of a machine, with nothing before or behind it."""
    if not text or re.search(r"[\s/@?#]", text):
        return "only a name or an address is expected, such as 192.168.1.5 or broker.lan"
    try:
        if ":" in text:
            ip_address(text)
        else:
            text.encode("idna")  # as the look-up of a name does
    except UnicodeError:
        return "no machine can have this name"
    except ValueError:
        return "only a name or an address is expected; a port has its own key"
    return ""


def web_address(text: str) -> str:
    """Address of a web server, with or without a path; a secret in it is not shown."""
    if re.search(r"\s", text):
        return "an address has no spaces"
    try:
        parts = urlsplit(text)
        port, name = parts.port, parts.hostname or ""
    except ValueError as error:
        return f"no address: {error}"
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ADDRESS
    if "@" in parts.netloc:
        return "user and password have no place in this address"
    if port == 0:
        return "port 0 is no port that answers"
    return host(name)


def web_root(text: str) -> str:
    """Address of a web server, without a path."""
    wrong = web_address(text)
    if not wrong and (urlsplit(text).path.strip("/") or re.search("[?#]", text)):
        return "only the root of the server is expected, such as https://ntfy.sh"
    return wrong


def clock_time(text: str) -> str:
    """Time of day, as on a clock."""
    known = re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII)
    return "" if known else f"{text[:20]!r} is not a time like 20:30"
