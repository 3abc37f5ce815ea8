"""What `now` says of an alert that stands: since when, whose answer counts, and how it goes on."""

from legwatch.alerting.alert import AlertState
from legwatch.conditions.verdict import Severity
from legwatch.events import AlertKind
from legwatch_server.cli.standing import Standing

COLD = AlertState(severity=Severity.WARNING, notified=True, episode_ms=1)


def words(alert: AlertState) -> str:
    return Standing(AlertKind.COLD, alert).words((), 10, lambda ms: f"T{ms}")


def test_it_says_that_the_legs_become_warm_and_that_nothing_is_known() -> None:
    assert words(COLD) == "(warning) since T1: nobody has answered"
    warms = "; the legs become warm, and nobody more is told meanwhile"
    assert words(COLD._replace(warming_ms=5)).endswith(warms)
    lost = COLD._replace(warming_ms=5, unknown_since_ms=8)
    assert words(lost).endswith("nobody has answered; whether it still holds is not known")
