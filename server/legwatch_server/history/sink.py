"""The other side: InfluxDB 2 or a compatible store, and a way to know that it was restarted."""

import logging
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from legwatch.errors import LegwatchError
from legwatch_server.settings import HistoryTable

logger = logging.getLogger(__name__)

TIMEOUT_MS = 30_000
_PERMANENT = {400, 404, 413, 422}


class SinkAway(LegwatchError):  # noqa: N818 - the store is away, which is not our error
    """The store does not answer, or not with success; try again later."""


class Sentinel:
    """A connection that is kept open with small questions. When it breaks, the store may be new.

    Some servers close idle connections: then points are sent again in vain, which does no harm.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=10)
        self._connection.auto_open = 0  # a new connection must never pass for the old one
        self._open = False
        self._blind = False

    def watch(self) -> bool:
        """Open the connection if need be; False when nobody answers."""
        if not self._open:
            with suppress(OSError):
                self._connection.connect()
                self._open = True
        return self._open and self.alive()

    def alive(self) -> bool:
        """Ask on the connection; False when it is no longer the one that was opened."""
        if self._blind and not self._open:
            return self.watch()
        if not self._open:
            return False
        try:
            self._connection.request("GET", "/ping")
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self.close()
            return False
        if answer.will_close:
            # A store or proxy that closes after each answer gives nothing to watch.
            self._blind = True
            self.close()
        return True

    def close(self) -> None:
        """Let go of the connection."""
        self._open = False
        self._connection.close()


class Sink:
    """Writes bodies of line protocol, and waits for the answer."""

    def __init__(self, settings: HistoryTable, token: str) -> None:
        from influxdb_client.client.influxdb_client import (  # noqa: PLC0415 - only history needs it
            InfluxDBClient,
        )
        from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: PLC0415

        self._bucket, self._org = settings.bucket, settings.org
        self._client: Any = InfluxDBClient(
            url=settings.url,
            token=token or "none",
            org=settings.org,
            timeout=TIMEOUT_MS,
            enable_gzip=True,
        )
        self._api: Any = self._client.write_api(write_options=SYNCHRONOUS)
        self.refused = 0

    def write(self, lines: list[str]) -> None:
        """Write all lines; raises SinkAway. A line that the store refuses is counted and named."""
        from influxdb_client.rest import ApiException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        if not lines:
            return
        try:
            self._api.write(
                bucket=self._bucket,
                org=self._org,
                record="\n".join(lines),
                write_precision="ms",
            )
        except ApiException as error:
            if error.status not in _PERMANENT:
                raise SinkAway(f"the store answered {error.status}: {error.reason}") from None
            self._bisect(lines, str(error.status))
        except (HTTPError, OSError) as error:
            raise SinkAway(f"the store cannot be reached: {error}") from None

    def _bisect(self, lines: list[str], why: str) -> None:
        """Find the line that is refused; the good ones beside it must not wait for it."""
        if len(lines) == 1:
            self.refused += 1
            logger.warning("history: the store refuses a point (%s): %s", why, lines[0][:200])
            return
        middle = len(lines) // 2
        self.write(lines[:middle])
        self.write(lines[middle:])

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
