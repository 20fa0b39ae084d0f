"""A unit's figures and states in the reader's words."""

from dashboard import i18n

_KMH_PER_MPS = 3.6


def state(name: str) -> str:
    """A state with the sign that stands for it on the map too."""
    words = {
        "alert": "▲ " + i18n.text("alert"),
        "moving": "➤ " + i18n.text("moving"),
        "standing": "■ " + i18n.text("standing"),
        "stale": "○ " + i18n.text("stale"),
        "silent": "– " + i18n.text("silent"),
    }
    return words.get(name, name)


def speed(speed_mps: float | None) -> str:
    """A speed in km/h."""
    return "–" if speed_mps is None else f"{i18n.number(speed_mps * _KMH_PER_MPS)} km/h"


def age(age_s: float | None) -> str:
    """How old a fix is."""
    return "–" if age_s is None else i18n.duration(max(age_s, 0))


def gps(state_name: str | None) -> str:
    """What a device says of its receiver."""
    words = {"none": i18n.text("no fix"), "2d": i18n.text("fix without height"), "3d": i18n.text("good fix")}
    return "–" if state_name is None else words.get(state_name, state_name)


def link(name: str) -> str:
    """Whether a device can be reached."""
    words = {"alive": i18n.text("connected"), "lost": i18n.text("lost"), "unknown": i18n.text("never heard")}
    return words.get(name, name)


def event(kind: str) -> str:
    """What happened to a unit."""
    words = {
        "entered": i18n.text("enters"),
        "exited": i18n.text("leaves"),
        "dwelled": i18n.text("stays in"),
        "crossed": i18n.text("passes through"),
        "speeding": i18n.text("is too fast in"),
        "absent": i18n.text("was not in"),
        "unauthorised": i18n.text("leaves unauthorised"),
        "alert_open": i18n.text("open alert"),
        "alert_acknowledged": i18n.text("alert, taken"),
        "alert_resolved": i18n.text("alert, over"),
    }
    return words.get(kind, kind)


def reason(name: str) -> str:
    """Why something that happened at a fence was believed."""
    words = {
        "deep": i18n.text("far beyond the edge"),
        "count": i18n.text("several fixes in a row"),
        "time": i18n.text("over some time"),
        "schedule": i18n.text("the fence's hours are over"),
        "edited": i18n.text("the fence was changed"),
        "segment": i18n.text("on the way between two fixes"),
        "dwell": i18n.text("for as long as the rule says"),
        "speed": i18n.text("over the limit for long enough"),
        "window": i18n.text("at no time of the hours"),
        "guard": i18n.text("in guarded hours"),
    }
    return words.get(name, name)
