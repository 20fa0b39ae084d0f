"""A real network between a gateway and its broker, made of two network namespaces, whose packets are lost, late or swallowed.

The kernel's TCP is at both ends and repeats for itself what is lost. In the middle stand two TUN devices and this process:
netem, which would do the same, is not in every kernel, and asks for root.
"""

import contextlib
import heapq
import os
import random
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.integration.gateway import middlebox
from tests.system import link_end

_ROOT = Path(__file__).parents[2]
_VEHICLE, _SHORE = "10.77.0.2", "10.77.0.1"
_OWN_NAMESPACE = ("unshare", "--user", "--map-root-user", "--net")
_PACKET_BYTES = 65_536
_LONGEST_WAIT_S = 0.1


class LinkError(Exception):
    """The machine does not let us make such a network; the words are its own."""


class Way(StrEnum):
    """In which direction packets go."""

    TO_BROKER = "to the broker"
    TO_GATEWAY = "to the gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What becomes of packets."""

    loss: float = 0.0  #: the share of them, in each direction
    delay_s: float = 0.0  #: in each direction
    jitter_s: float = 0.0  #: up to so much more, so that some overtake others
    swallowed: frozenset[Way] = frozenset()


class LossyLink:
    """Carries IP packets between the namespace of a vehicle and that of a relay to the broker."""

    host, port = _SHORE, link_end.PORT

    def __init__(self, vehicle: "_End", shore: "_End", chance: random.Random) -> None:
        self._vehicle = vehicle
        self._chance = chance
        self._ways = {vehicle.tun: (Way.TO_BROKER, shore.tun), shore.tun: (Way.TO_GATEWAY, vehicle.tun)}
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._is_closed = threading.Event()
        self.weather = Weather()
        self.carried = self.lost = 0
        self._thread = threading.Thread(target=self._run, name="lossy-link")
        self._thread.start()

    @property
    def inside(self) -> tuple[str, ...]:
        """What to put before a command to run it in the vehicle."""
        return ("nsenter", "--user", "--net", "--preserve-credentials", f"--target={self._vehicle.process.pid}")

    def switch(self, *, is_up: bool) -> None:
        """Take the vehicle's interface down, as a modem does that has lost its network, or up again."""
        self._vehicle.switch(is_up=is_up)

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for tun in self._ways:
                selector.register(tun, selectors.EVENT_READ)
            while not self._is_closed.is_set():
                next_s = self._under_way[0][0] - time.monotonic() if self._under_way else _LONGEST_WAIT_S
                for key, _ in selector.select(max(0.0, min(next_s, _LONGEST_WAIT_S))):
                    self._take(key.fd)
                while self._under_way and self._under_way[0][0] <= time.monotonic():
                    _, _, target, packet = heapq.heappop(self._under_way)
                    with contextlib.suppress(OSError):  # an interface that is down takes nothing: lost as well
                        os.write(target, packet)

    def _take(self, tun: int) -> None:
        with contextlib.suppress(OSError):  # an interface that is down gives nothing
            packet = os.read(tun, _PACKET_BYTES)
            way, target = self._ways[tun]
            weather = self.weather
            self.carried += 1
            if way in weather.swallowed or self._chance.random() < weather.loss:
                self.lost += 1
                return
            due_s = time.monotonic() + weather.delay_s + self._chance.uniform(0.0, weather.jitter_s)
            heapq.heappush(self._under_way, (due_s, self.carried, target, packet))


class _End:
    """A namespace with one end of the link in it; it lasts as long as its process."""

    def __init__(self, address: str, peer: str) -> None:
        if shutil.which(_OWN_NAMESPACE[0]) is None or shutil.which("nsenter") is None:
            raise LinkError("unshare and nsenter of util-linux are missing")
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [*_OWN_NAMESPACE, sys.executable, "-m", "tests.system.link_end", str(theirs.fileno()), address, peer],
                cwd=_ROOT,
                pass_fds=[theirs.fileno()],
                stderr=subprocess.PIPE,
                text=True,
            )
        self.tun, listener = self._handed_over()
        self.listener = socket.socket(fileno=listener)

    def switch(self, *, is_up: bool) -> None:
        self._ours.send(b"up" if is_up else b"down")
        assert self._ours.recv(16) == b"done"

    def close(self) -> None:
        os.close(self.tun)
        self.listener.close()
        self._ours.close()
        self.process.communicate()

    def _handed_over(self) -> tuple[int, int]:
        said, descriptors, _, _ = socket.recv_fds(self._ours, 16, 2)
        if said:
            tun, listener = descriptors
            return tun, listener
        self._ours.close()
        _, errors = self.process.communicate()
        raise LinkError(errors.strip().splitlines()[-1] if errors.strip() else f"exit code {self.process.returncode}")


@contextmanager
def between(broker_port: int, *, seed: int) -> Iterator[LossyLink]:
    """A link to a broker, good until it is worsened.

    Raises:
        LinkError: namespaces or TUN devices are not to be had.
    """
    with contextlib.ExitStack() as stack:
        vehicle = stack.enter_context(contextlib.closing(_End(_VEHICLE, _SHORE)))
        shore = stack.enter_context(contextlib.closing(_End(_SHORE, _VEHICLE)))
        link = stack.enter_context(contextlib.closing(LossyLink(vehicle, shore, random.Random(seed))))
        stack.enter_context(contextlib.closing(middlebox.Middlebox(broker_port, listener=shore.listener)))
        yield link
