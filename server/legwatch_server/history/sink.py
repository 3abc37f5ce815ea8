"""The history store (InfluxDB 2 or a compatible one), and a check whether it has restarted."""

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


class SinkAway(LegwatchError):  # noqa: N818 - names the state of the store
    """The store does not answer, or answers with an error that may pass; try again later."""


class Sentinel:
    """Keeps one connection to the store open with pings, to detect a restart of the store.

    A broken connection counts as a restart. Some servers close idle connections: then the exporter
    sends some points again, which does no harm.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=10)
        self._connection.auto_open = 0  # reconnecting silently would hide a restart
        self._open = False
        self._blind = False

    def watch(self) -> bool:
        """Open the connection if it is closed; False if the store does not answer."""
        if not self._open:
            with suppress(OSError):
                self._connection.connect()
                self._open = True
        return self._open and self.alive()

    def alive(self) -> bool:
        """Ping the store; False if the connection opened by `watch` has broken."""
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
            # The store or a proxy closes the connection after each answer: restarts stay hidden.
            self._blind = True
            self.close()
        return True

    def close(self) -> None:
        """Close the connection."""
        self._open = False
        self._connection.close()


class Sink:
    """Writes line protocol to the store, and waits for each answer."""

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
        """Write all lines; count and log each refused line. Raises SinkAway."""
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
        """Write each half on its own, to find the refused line and store all the others."""
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
