"""Is the bedside agent silent? No window has come for a while."""

from legwatch.conditions.verdict import WELL, Firing, Reason, Rule, Severity, Verdict, unknown, yes
from legwatch.limits.rules import Rules, is_night
from legwatch.observation import Observation
from legwatch.signals.coverage import ALL, SPAN_MS, comes_and_goes, known_min

HEARD_MS = 60_000


def judge(seen: Observation, rules: Rules, firing: Firing | None) -> Verdict:
    """Judge whether no window has come for `health.agent_s`.

    The alert fires only in the night hours, and not while the server itself could not receive; but
    a firing alert stays firing.
    """
    limits = rules.health
    at_ms, window_ms, back_ms, away = seen[:4]
    silent_ms = at_ms - window_ms
    if not firing and away:
        return unknown(Reason.AGENT_SILENT)
    if silent_ms >= limits.agent_s * 1000:
        if not firing and not is_night(at_ms, rules):
            return unknown(Reason.AGENT_SILENT)
        rule = Rule("health.agent_s", float(limits.agent_s))
        reason = Reason.AGENT_SILENT if back_ms else Reason.NEVER_HEARD
        return yes(Severity.WARNING, reason, window_ms, rule)
    # Of an agent that is silent now, nobody knows whether it comes again.
    heard = seen.windows_heard
    if heard.known != ALL and silent_ms <= HEARD_MS and comes_and_goes(heard):
        if not firing and not is_night(at_ms, rules):
            return unknown(Reason.COMES_AND_GOES)
        figures = (("known_min", known_min(heard)),)
        since_ms = at_ms - SPAN_MS
        return yes(Severity.WARNING, Reason.COMES_AND_GOES, since_ms, evidence=figures)
    back = at_ms - back_ms >= limits.back_s * 1000
    if silent_ms <= limits.stale_s * 1000 and back:
        return WELL
    return unknown(Reason.AGENT_SILENT)
