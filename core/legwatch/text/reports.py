"""Facts that people should know and that wake nobody: the titles and texts of reports."""

from collections.abc import Mapping

from legwatch.alerting.notice import Notice
from legwatch.conditions.verdict import Reason
from legwatch.text.language import marked

_REPORTS: Mapping[Reason, tuple[str, str]] = {  # title and text: the same for everybody
    Reason.BEDSIDE_GONE: (
        marked("The bedside is off"),
        marked("The bedside has been off for {span}. Check its plug and the network."),
    ),
    Reason.WINDOWS_LOST: (
        marked("Part of a night was not kept"),
        marked(
            "The bedside could not send for too long and had to drop {span} of readings. What"
            " happened then is not known."
        ),
    ),
    Reason.WINDOWS_UNREAD: (
        marked("The server cannot read the bedside"),
        marked(
            "For {span} readings have come from the bedside that the server cannot read, so it"
            " cannot warn you. The server's log says what is wrong with them."
        ),
    ),
    Reason.NEWER_VERSION: (
        marked("The server is too old for the bedside"),
        marked(
            "The bedside speaks a newer version than the server, which cannot read it and cannot"
            " warn you. Update the server; the bedside keeps its readings until then."
        ),
    ),
    Reason.SENSOR_MUTE: (
        marked("A sensor gives nothing"),
        marked("This sensor is set up and gives nothing: {sensor}. Check the cable and the plug."),
    ),
    Reason.ANKLE_BLIND: (
        marked("The thermometer by the ankle shows no bed air"),
        marked(
            "It has the room's temperature, or one value again and again, so a foot that is bare"
            " alone is not seen. Put it by the ankle, below the cover, and check its cable. The"
            " legs are watched as before."
        ),
    ),
    Reason.NEVER_WARNS: (
        marked("This bed can never warn"),
        marked(
            "With the sensors of this bed no alert on the sleeper can ever come. Please see that it"
            " has a thermometer by the legs and a movement sensor."
        ),
    ),
    Reason.TWO_BEDSIDES: (
        marked("Two bedsides send as one bed"),
        marked(
            "Two bedsides send as this bed, in turn, so what is seen may be of another bed. Give"
            " one of them another bed name."
        ),
    ),
    Reason.MEMORY_LOST: (
        marked("The server has lost its memory"),
        marked(
            "The server's file was damaged and is set aside. The server watches on with a new one;"
            " what it knew of earlier nights may be missing."
        ),
    ),
    Reason.NOTHING_KEPT: (
        marked("Tonight is not kept"),
        marked(
            "The server's disk takes nothing. The watch goes on and tells you, but nothing of it is"
            " kept. Check the disk of the server."
        ),
    ),
    Reason.NOTHING_ARRIVES: (
        marked("No bed can be seen"),
        marked(
            "The server has a broker, but for {span} nothing has arrived from any bed. Check that"
            " the bedsides are on, and the broker's rights for the server's user."
        ),
    ),
    Reason.NO_BROKER: (
        marked("No bed can be seen"),
        marked(
            "For {span} the server has had no connection to its broker, so it cannot warn you."
            " Please see that the broker is on, such as with `systemctl status mosquitto`."
        ),
    ),
    Reason.NOT_JUDGED: (
        marked("A bed cannot be judged"),
        marked(
            "The server fails when it judges this bed: {bed}. Until that is mended, it cannot warn"
            " of this bed: please look yourself. The server's log says what is wrong."
        ),
    ),
    Reason.NO_PUSH_LEAVES: (
        marked("Nobody could be reached"),
        marked(
            "For {span} no push could be sent to anybody. `legwatch duty` shows what is wrong with"
            " each way."
        ),
    ),
    Reason.SHARED_NAME: (
        marked("Two servers take each other's place"),
        marked(
            "Another program uses the server's name at the broker, so each misses what the other"
            " gets. Stop one, or give it another mqtt.client_id."
        ),
    ),
    Reason.NOT_LISTENING: (
        marked("Answers do not reach the server"),
        marked(
            "Another program has the server's port, so no answer from a phone comes through."
            " Alerts come all the same. Stop that program, or change http.port."
        ),
    ),
    Reason.LIT_AT_BED: (
        marked("The bedside has lit its lamp by itself"),
        marked(
            "The server was silent, so the bedside itself has lit the lamp at the bed: {alert}."
        ),
    ),
    Reason.HEARD_AT_BED: (
        marked("The bedside has told the sleeper by itself"),
        marked(
            "The server was silent, so the bedside itself has sounded at the bed: {alert}."
            " Please look."
        ),
    ),
    Reason.ANSWERED_AT_BED: (
        marked("Answered at the bed"),
        marked("Somebody has answered by the button what the bedside has told itself: {alert}."),
    ),
    Reason.OVER_AT_BED: (
        marked("What the bedside has told itself is over"),
        marked("The bedside has put its lamp out again. It was: {alert}."),
    ),
}
REPORTED = tuple(_REPORTS)  # what a report can be about


def report(notice: Notice) -> tuple[str, str]:
    """Return the title and the text of a report."""
    return _REPORTS.get(notice.reason, _REPORTS[Reason.BEDSIDE_GONE])
