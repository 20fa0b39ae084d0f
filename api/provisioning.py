"""A device's first word: its one-time code for a password at the broker, which is kept nowhere here."""

import logging
from dataclasses import dataclass

import sqlalchemy as sa

from api import device_broker, guesses, lanes, sessions
from db import device_codes
from domain import errors
from domain.wire import broker_password

_THREADS = 2
_log = logging.getLogger(__name__)


class CodeRefusedError(errors.DomainError):
    """A code is unknown, used or expired, or its device out of service: the answer is the same."""

    code = "device_code_refused"

    def __init__(self) -> None:
        super().__init__("the code is unknown, used or expired")


class NotOfferedError(errors.DomainError):
    """Nobody has said where devices find the broker."""

    code = "provisioning_not_offered"

    def __init__(self) -> None:
        super().__init__(f"this server does not know where devices find the broker: {device_broker.HOST} is not set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a device is given, once."""

    tenant: str
    device: str
    broker: device_broker.DeviceBroker
    password: str


class Provisioning:
    """Guesses are counted by address, apart from those at passwords."""

    def __init__(
        self, auth: sa.Engine, place: device_broker.DeviceBroker | None, clock: sessions.Clock = sessions.utc_now
    ) -> None:
        self._auth, self._place, self._clock = auth, place, clock
        self._lane = lanes.Lane("provisioning", _THREADS)
        self._guesses = guesses.Guesses()

    async def use(self, code: str, address: str) -> Credentials:
        """Use a code up and make the device's password.

        Raises:
            NotOfferedError: devices can't be told where the broker is; the code stays unused.
            TooManyGuessesError: `address` has to wait.
            CodeRefusedError: the code can't be used.
        """
        if self._place is None:
            raise NotOfferedError
        now, password = self._clock(), broker_password.new()
        self._guesses.begin(address, now)
        try:
            found = await self._lane.run(
                device_codes.use, self._auth, code, now, password_hash=broker_password.encoded(password)
            )
        except sa.exc.SQLAlchemyError:
            self._guesses.take_back(address)
            raise
        if found is None:
            raise CodeRefusedError
        self._guesses.take_back(address)
        _log.info("a device has got a new password", extra={"tenant": found.tenant, "device": found.device})
        return Credentials(tenant=found.tenant, device=found.device, broker=self._place, password=password)
