"""What the log says of the connection to the broker: each reason once, and when it is back.

A broker gives one client id to one client: two programs with the same id throw each other out, each
time right after the connection is up. MQTT 3.1.1 names no reason for that, so it is told from the
short lives of the connections. MQTT 5 names it for each, and once may be an accident.
"""

import logging
from collections.abc import Callable

from legwatch_runtime.broker_reason import Broker, reason
from legwatch_runtime.clock import Instant, instant

logger = logging.getLogger(__name__)

SHORT_S = 20.0  # a connection that lasts longer was not taken over at once
OFTEN = 4  # so many short connections in a row are no accident
TAKEN_OVER = "Session taken over"  # the broker's reason in MQTT 5
DOUBT_S = 120.0  # after this time of silence the connections before do not count any more


class BrokerStory:
    """Used by the connection's thread; others may read `why` and `contested`.

    `meanwhile`: what the program does without a broker. `rival`: what else may have the same id.
    `password`: whether the program has one for the broker. `name`: what the log calls the broker;
    `tell`: says a reason in other words, such as with the keys of another table.
    """

    def __init__(
        self,
        broker: Broker,
        meanwhile: str,
        rival: str,
        now: Callable[[], Instant] = instant,
        *,
        password: bool = True,
        name: str = "broker",
        tell: Callable[[str], str] = str,
    ) -> None:
        self._password, self._name, self._tell = password, name, tell
        self._broker, self._meanwhile, self._now = broker, meanwhile, now
        self._rival = (
            "the broker ends each connection within seconds: probably another program has the same"
            f" client id ({rival})"
        )
        self.why = ""  # empty: there is a connection
        self._said = ""
        self._up_at: Instant | None = None
        self._lost_at = now()
        self._short = 0
        self._failed = False  # the reason of this try is known

    def trying(self) -> None:
        """Note that a new try to connect begins."""
        self._failed = False

    def up(self) -> None:
        """Note that the broker has taken the client."""
        self.why, self._up_at = "", self._now()
        if self._said and self._short < OFTEN:
            logger.info("the %s is back", self._name)
            self._said = ""

    def lost(self, why: object) -> None:
        """Note that a connection has ended which nobody here has ended."""
        if self._up_at is None:
            if not self._failed:
                self._say(self._unanswered() if _says_nothing(why) else why)
            return
        lived_s, self._up_at = self._now().since(self._up_at), None
        thrown = _says_nothing(why) or str(why) == TAKEN_OVER
        self._short = self._short + 1 if lived_s < SHORT_S and thrown else 0
        self._lost_at = self._now()
        if self.contested():
            self._say(self._rival)
        else:
            self._say("the connection was lost" if _says_nothing(why) else why)

    def failed(self, why: object) -> None:
        """Note that a try has failed: the broker or the way to it is at fault, and no rival."""
        self._short = 0
        self._say(why)

    def _say(self, why: object) -> None:
        """Keep the reason; the log says each reason once."""
        self._failed = True
        self.why = self._tell(reason(why, self._broker, password=self._password))
        level = logging.DEBUG if self.why == self._said else logging.WARNING
        where = f"{self._broker.host}:{self._broker.port}"
        logger.log(level, "%s %s: %s; %s", self._name, where, self.why, self._meanwhile)
        self._said = self.why

    def contested(self) -> bool:
        """Return True while another program takes this one's place, again and again."""
        if self._short < OFTEN:
            return False
        if self._up_at is not None:
            return self._now().since(self._up_at) < SHORT_S
        return self._now().since(self._lost_at) < DOUBT_S

    def concerns(self) -> list[str]:
        """Return what /health says of the connection."""
        if self.contested():
            return [self._rival]
        return [f"broker: {self.why}"] if self.why else []

    def _unanswered(self) -> str:
        if self._broker.ca_file:
            return "it ended the connection before it had answered"
        return (
            "it ended the connection before it had answered: does this port want TLS? Then set"
            " mqtt.ca_file"
        )


def _says_nothing(why: object) -> bool:
    """Return True for the reason that the library gives where MQTT 3.1.1 has none."""
    return str(why) == "Unspecified error"
