"""The door through which a bedside comes in: it is open for one code, for some minutes.

It has a key of its own that ends with it. The bedside checks that key by the code before it says
its secret; the door then checks the secret. Who guesses is answered slowly, and after a few wrong
secrets the door closes: the code is then worth nothing, and the person who made it is told.
"""

import asyncio
import hmac
import secrets
import socket
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from legwatch.contract.pairing import (
    LONGEST_TEXT,
    SECRET_BYTES,
    Ask,
    Given,
    Kept,
    PairingCode,
    Refused,
    decode,
    encode,
)
from legwatch.errors import LegwatchError, WireError
from legwatch.printable import printable
from legwatch_server.pairing.authority import Certified, passing

MOST_WRONG = 5  # wrong secrets, then the door closes
WRONG_S = 1.0  # until a wrong secret is answered
LINE_S = 10.0  # for what a bedside says
KEPT_S = 90.0  # for a bedside to store all and to try the broker
LONGEST_WHY = 300  # characters
MOST_AT_ONCE = 16  # connections


class End(StrEnum):
    """How a door has closed."""

    PAIRED = "paired"
    NOT_KEPT = "not_kept"  # the bedside has got all, and did not say that it has kept it
    GUESSED = "guessed"  # too many wrong secrets
    OVER = "over"  # nobody came in time


@dataclass(slots=True)
class Seen:
    """What a door has seen; `who` is the address of the bedside that was let in."""

    end: End | None = None
    wrong: int = 0
    who: str = ""
    version: str = ""
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self, end: End) -> None:
        """Close the door; the first reason counts."""
        self.end = self.end or end
        self.closed.set()


class Door:
    """Waits for one bedside; `let_in` makes it a user of the broker when its secret is right."""

    def __init__(
        self, let_in: Callable[[], Given], *, address: str = "", port: int = 0, minutes: float = 10
    ) -> None:
        self._let_in, self._minutes = let_in, minutes
        self._secret, self._certified = secrets.token_bytes(SECRET_BYTES), passing()
        self._given, self._open, self._seen = False, 0, Seen()
        self._listens = _listening(address, port)

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self._listens[0].getsockname()[1])

    @property
    def code(self) -> PairingCode:
        """What the bedside has to know."""
        return PairingCode(self._certified.fingerprint(), self._secret)

    async def wait(self) -> Seen:
        """Wait until a bedside is paired, or the door has closed for another reason."""
        # Of who does not get through the handshake nobody is told: it may be any program.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _about: None)
        context = _context(self._certified)
        servers = [
            await asyncio.start_server(
                self._greet, sock=one, ssl=context, ssl_handshake_timeout=LINE_S, limit=LONGEST_TEXT
            )
            for one in self._listens
        ]
        try:
            await asyncio.wait_for(self._seen.closed.wait(), self._minutes * 60)
        except TimeoutError:
            self._seen.close(End.NOT_KEPT if self._given else End.OVER)
        finally:
            for server in servers:
                server.close()
        return self._seen

    def close(self) -> None:
        """Stop to listen, if nobody has waited."""
        for one in self._listens:
            one.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear one connection; whatever it does ends this connection only."""
        self._open += 1
        try:
            if self._open <= MOST_AT_ONCE:
                await self._hear(reader, writer)
        except (WireError, OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            pass  # it says nothing that could be answered
        finally:
            self._open -= 1
            writer.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ask = decode(Ask, await asyncio.wait_for(reader.readuntil(), LINE_S))
        if self._given or self._seen.end or self._seen.wrong >= MOST_WRONG:
            await _say(writer, Refused("this code was used already"))
        elif hmac.compare_digest(ask.secret.encode(), self._secret.hex().encode()):
            self._given = True
            who = str(writer.get_extra_info("peername")[0])
            self._seen.who, self._seen.version = who.removeprefix("::ffff:"), ask.version
            await self._give(reader, writer)
        else:
            await self._refuse(writer)

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        self._seen.wrong += 1  # before the wait: who asks many times at once is counted, too
        last = self._seen.wrong >= MOST_WRONG
        await asyncio.sleep(WRONG_S)
        await _say(writer, Refused("the code is wrong"))
        if last:
            self._seen.close(End.GUESSED)

    async def _give(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give a bedside what it needs, and wait until it says that it has kept it."""
        end = End.NOT_KEPT
        try:
            try:
                given: Given | Refused = await asyncio.to_thread(self._let_in)
            except LegwatchError as error:
                given = Refused(printable(str(error), LONGEST_WHY))
            await _say(writer, given)
            if isinstance(given, Refused):
                return
            kept = decode(Kept, await asyncio.wait_for(reader.readuntil(), KEPT_S))
            end = End.PAIRED if kept.kept else End.NOT_KEPT
        finally:
            self._seen.close(end)


async def _say(writer: asyncio.StreamWriter, said: Given | Refused) -> None:
    writer.write(encode(said))
    await asyncio.wait_for(writer.drain(), LINE_S)


def _listening(address: str, port: int) -> list[socket.socket]:
    """Return the sockets of an address; of all addresses of this machine, if it is empty."""
    if not address and socket.has_dualstack_ipv6():
        return [socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)]
    return [socket.create_server((address, port))]


def _context(certified: Certified) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.TemporaryDirectory() as folder:  # the module reads keys from files only
        file = Path(folder) / "door.pem"
        file.touch(mode=0o600)
        file.write_bytes(certified.key_pem() + certified.certificate_pem())
        context.load_cert_chain(file)
    return context
