"""Where the parts of each build lie: the numbers in the picture of the bed, and their legend."""

from typing import NamedTuple

Point = tuple[float, float]


class Place(NamedTuple):
    """One number: what is said of it, and where it is in each of the two views.

    `mark` is where the number stands, seen from the part; a cable is the steps of a path.
    """

    says: tuple[str, ...]
    above: Point
    side: Point
    mark_above: Point
    mark_side: Point
    cable_above: str = ""
    cable_side: str = ""
    size: Point = (16, 10)
    under: bool = False  # what lies above it hides it
    far: str = ""  # how far from the bed it is


_POUCH = (
    "Thermometer in a thin pouch of cloth, on the sheet and below the",
    "cover: between the legs, ankle to mid-calf, not under the body.",
)
_LEGS = Place(_POUCH, (322, 150), (318, 125), (-30, -56), (-24, -66))
_WIRED_LEGS = _LEGS._replace(
    cable_above="M330,150 H445", cable_side="M326,127 H403 Q409,127 409,134 V170 H445"
)
_FRAME = Place(
    (
        "Movement: the vibration switch, fixed hard to the frame or a slat",
        "at the hips. A PIR instead: at the foot end, aimed at the bed only.",
    ),
    (190, 234),
    (190, 173),
    (0, 28),
    (0, 30),
    cable_above="M198,234 H424 V157 H445",
    cable_side="M198,174 H445",
)
_ROOM = Place(
    (
        "Thermometer of the room, 1 to 2 m from the bed and as high as the",
        "mattress: not in the sun, by a heater or in anybody's breath.",
    ),
    (330, 286),
    (502, 120),
    (-30, 0),
    (-8, -28),
    cable_above="M338,286 H462 V162",
    cable_side="M502,125 V170 H479",
    far="1 to 2 m",
)
_PI = Place(
    (
        "The Pi at the foot end, where who lies in bed does not reach it.",
        "All cables go to it there; none comes near head, neck or arms.",
    ),
    (462, 150),
    (462, 170),
    (40, 0),
    (0, 32),
    size=(34, 24),
)
_FOOT_PI = _PI._replace(
    says=(
        "The Pi at the foot end, where who lies in bed does not reach it.",
        "The cables of the bed leave it at the foot end, not by the head.",
    )
)
_SUPPLY = Place(
    (
        "Its power supply stays in the wall, 1.5 m or more from the bed.",
        "Only its thin cable comes nearer (5 V): no mains at the bed.",
    ),
    (498, 84),
    (470, 40),
    (-28, 0),
    (-28, 0),
    cable_above="M498,93 V118 H462 V138",
    cable_side="M470,49 V158",
    size=(16, 18),
)
_RELIEF = Place(
    (
        "The cables are tied to the frame here, with a hand's breadth of",
        "slack towards the bed: a pull ends here, and not at a sensor.",
    ),
    (413, 150),
    (409, 173),
    (0, -28),
    (18, 28),
    size=(8, 16),
)
_RADAR = Place(
    (
        "Radar above the foot end, 0.5 to 1 m over the mattress, looking at",
        "the bed only. It sees through the cover, and a fan or a curtain.",
    ),
    (462, 196),
    (440, 66),
    (34, 0),
    (-26, 0),
    cable_above="M462,186 V162",
    cable_side="M440,72 V104 H454 V158",
    size=(22, 16),
)
_MAT = Place(
    (
        "Mat under the mattress, on the slats or the base, below hips and",
        "back. It must let go when the bed is empty, with all bedding on.",
    ),
    (165, 150),
    (175, 171),
    (-8, 110),
    (0, 32),
    cable_above="M210,206 V246 H424 V157 H445",
    cable_side="M220,172 H445",
    size=(90, 112),
    under=True,
)
_REACH = Place(
    (
        "Lamp, buzzer and button on the bedside table, at arm's length: thin",
        "wires along the wall or the frame, tied down each 30 cm.",
    ),
    (70, 286),
    (28, 84),
    (34, 0),
    (0, -28),
    cable_above="M70,278 V254 H432 V159 H445",
    size=(30, 14),
)
_NEAR_ROOM = _ROOM._replace(
    says=(
        "Thermometer of the room, 1 m from the bed, half a metre from the Pi",
        "(it is warm), as high as the mattress, not in the sun or in breath.",
    ),
    far="1 m",
)
_RADIO_LEGS = _LEGS._replace(
    says=(
        "Thermometer with its battery, in a thin pouch of cloth, on the sheet",
        "and below the cover: between the legs, ankle to mid-calf.",
    ),
    size=(18, 18),
)
_RADIO_FRAME = Place(
    (
        "Vibration sensor, stuck to the frame or a slat at the hips, not to",
        "the soft mattress: it has to feel a turn, and no footsteps.",
    ),
    (190, 234),
    (190, 173),
    (0, 28),
    (0, 30),
)
_RADIO_ROOM = Place(
    (
        "Thermometer of the room, of the same kind, 1 to 2 m from the bed,",
        "as high as the mattress: not in the sun, by a heater or in breath.",
    ),
    (330, 286),
    (502, 120),
    (-30, 0),
    (-8, -28),
    far="1 to 2 m",
)
_STICK = Place(
    (
        "The computer with the Zigbee stick: anywhere in the home, some",
        "metres away. No cable at all comes to the bed.",
    ),
    (480, 84),
    (470, 40),
    (-40, 0),
    (-40, 0),
    size=(34, 24),
)

PLACES = {
    "mission": (_WIRED_LEGS, _FRAME, _ROOM, _PI, _SUPPLY, _RELIEF),
    "recommended": (_WIRED_LEGS, _MAT, _RADAR, _NEAR_ROOM, _REACH, _FOOT_PI, _SUPPLY, _RELIEF),
    "no_pi": (_RADIO_LEGS, _RADIO_FRAME, _RADIO_ROOM, _STICK),
}
