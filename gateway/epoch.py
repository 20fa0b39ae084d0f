"""One instant of one receiver, put together from the sentences that share its time of day."""

import datetime as dt
from enum import IntEnum

from domain import geo, telemetry
from gateway import fields


class Rank(IntEnum):
    """Which sentence's position stands, the higher before the lower."""

    NONE = 0
    GLL = 1
    RMC = 2
    GGA = 3  # and GNS: they come with the quality and the altitude


class Epoch:
    """What is known of an instant so far.

    A plain class with its defaults on the class: thousands are made each second, and few fields are set on each.
    """

    rank = Rank.NONE
    lat = 0.0
    lon = 0.0
    alt_m: float | None = None
    hdop: float | None = None
    satellites: int | None = None
    speed_mps: float | None = None  #: of RMC
    course_deg: float | None = None
    vtg_speed_mps: float | None = None
    vtg_course_deg: float | None = None
    gsa_mode = 0
    gsa_hdop: float | None = None
    day: int | None = (
        None  #: ordinal; from a valid RMC of this very instant, else what was known when the next one began
    )
    simulated = False
    doubtful = False  #: by dead reckoning, or from a sentence that calls itself valid in one field and void in another
    denied = False  #: another sentence of this instant says that there is no valid position

    def __init__(self, time_ms: int) -> None:
        self.time_ms = time_ms  #: of the day
        self.parts: list[bytes] = []  #: the sentence types that came, in order

    def is_at(self, time_ms: int) -> bool:
        """Tell whether a stamp belongs to this epoch (one side of midnight, so that its date fits too)."""
        return abs(self.time_ms - time_ms) <= fields.SAME_EPOCH_MS

    def place(self, rank: Rank, position: tuple[float, float]) -> None:
        """Take a position, with the rank of its sentence."""
        self.rank = rank
        self.lat, self.lon = position

    @property
    def is_fix(self) -> bool:
        """A valid sentence gave a position, none said that it is simulated, and a doubtful one was not denied."""
        return self.rank is not Rank.NONE and not self.simulated and not (self.doubtful and self.denied)

    def fix(self, time: dt.datetime) -> telemetry.Fix:
        """The epoch as one fix."""
        return telemetry.Fix(
            time=time,
            position=geo.Position(self.lat, self.lon),
            mode=self._mode(),
            alt_m=self.alt_m,
            speed_mps=self.vtg_speed_mps if self.speed_mps is None else self.speed_mps,
            course_deg=self.vtg_course_deg if self.course_deg is None else self.course_deg,
            hdop=self.gsa_hdop if self.hdop is None else self.hdop,
            satellites=self.satellites,
        )

    def _mode(self) -> telemetry.FixMode:
        if self.gsa_mode in (telemetry.FixMode.TWO_D, telemetry.FixMode.THREE_D):
            return telemetry.FixMode(self.gsa_mode)
        # Without a GSA (or with one that contradicts a valid position) an altitude tells a 3D fix.
        return telemetry.FixMode.TWO_D if self.alt_m is None else telemetry.FixMode.THREE_D
