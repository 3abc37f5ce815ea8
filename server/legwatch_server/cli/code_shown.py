"""Shows a pairing code: as the line to type at the bed, and as a picture for a phone to copy it."""

import io
import socket
import sys
from collections.abc import Iterator
from shutil import get_terminal_size

from legwatch_server.pairing import PORT

BORDER = 2  # empty squares around it; a phone needs no more


def shown(code: str, port: int, minutes: float) -> Iterator[str]:
    """Yield the lines that say what to type at the bed's Pi."""
    host = _own_address() or socket.gethostname()
    where = host if port == PORT else f"{host}:{port}"
    line = f"legwatch pair {code} --server {where}"
    yield f"Type this at the bed's Pi within {minutes:g} minutes (behind sudo, if it is installed):"
    yield ""
    yield f"    {line}"
    yield ""
    if sys.stdout.isatty() and (code_shown := picture(line, get_terminal_size().columns)):
        yield code_shown
    yield "The code works once."


def _own_address() -> str:
    """Return the address by which others reach this machine; empty: it has no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of nobody: only the way to it is asked
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def picture(text: str, columns: int) -> str:
    """Return a text as a QR code for a terminal so wide; empty if it cannot show one."""
    import segno  # noqa: PLC0415 - slow to import

    code, out = segno.make(text, error="l"), io.StringIO()
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    if not utf8 or code.symbol_size(border=BORDER)[0] > columns:
        return ""
    code.terminal(out=out, border=BORDER, compact=True)
    return out.getvalue()
