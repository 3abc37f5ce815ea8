"""What is told of the air by the ankle beside its alert: early signs, and that nothing is seen."""

from legwatch.alerting.alert import AlertState, AlertStates
from legwatch.alerting.early_notice import AGAIN_MS, is_due, sign_notice
from legwatch.alerting.notice import Notice, report
from legwatch.conditions import foot as feet
from legwatch.conditions.cold_memory import ColdMinute
from legwatch.conditions.foot import Foot
from legwatch.conditions.verdict import YES, Reason, Verdict
from legwatch.contract.roles import ANKLE
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules

ONCE_MS = 43_200_000  # of a thermometer that is of no use it is told once a night
SAME_MS = 1_200_000  # legs that are bare so soon after a foot are of one uncovering


def tell(
    foot: Foot, now: ColdMinute, rules: Rules, legs_sign_ms: int, alert: AlertState
) -> tuple[Foot, tuple[Notice, ...]]:
    """Return what is due now, and the memory of it; `alert`: the one on cold.

    A sign on the legs, the last of which was told at `legs_sign_ms`, says as much.
    """
    at_ms = now.seen.at_ms
    if feet.is_blind(foot, now.seen, rules):
        if at_ms - foot.told_ms < ONCE_MS:
            return foot, ()
        blind = report(Reason.ANKLE_BLIND, at_ms, (("sensor", ANKLE),))
        return foot._replace(told_ms=at_ms), (blind,)
    begun_ms = feet.sign_ms(foot)
    due = is_due(begun_ms, foot.sign_ms, at_ms) and at_ms - legs_sign_ms >= AGAIN_MS
    if alert.severity is not None or not due or not rules.warmth.early_s:
        return foot, ()
    off = foot.cover.off
    sure = ("sure_pct", None if off is None else round(100 * off))
    leg = ("leg_c", now.seen.leg.celsius)
    sign = sign_notice(Reason.FOOT_BARE, (*feet.figures(foot, at_ms), leg, sure), alert, at_ms)
    return foot._replace(sign_ms=at_ms), (sign,)


def handed_over(alerts: AlertStates, verdict: Verdict, at_ms: int) -> AlertStates:
    """Let an alert on a foot be one on the legs, once these are bare: there is one alert, not two.

    Legs that are bare much later than the foot are news, and may be told again.
    """
    alert = alerts.cold
    if verdict.holds is not YES or verdict.reason is Reason.FOOT_BARE:
        return alerts
    alert = alert._replace(reason=verdict.reason)
    if at_ms - (alert.fired_ms or at_ms) > SAME_MS:
        alert = alert._replace(acknowledged=False, notified=False)
    return alerts.put(AlertKind.COLD, alert)
