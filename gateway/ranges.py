"""Sets of numbers as inclusive runs, as an acknowledgement names them."""

import bisect

from domain.wire import control


class Ranges:
    """The numbers that an acknowledgement covers.

    One without ranges names its own number alone here; `delivery`, which knows what was sent, gives it its ranges.
    """

    def __init__(self, ack: control.LaneAck) -> None:
        self.runs = sorted(((ack.seq, ack.seq),) if ack.ranges is None else ack.ranges)

    def __contains__(self, seq: object) -> bool:
        if not isinstance(seq, int):
            return False
        place = bisect.bisect_right(self.runs, seq, key=lambda run: run[0])
        return place > 0 and seq <= self.runs[place - 1][1]
