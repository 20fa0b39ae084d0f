import pytest

from domain.wire import broker_address


def test_an_address_is_taken_apart() -> None:
    address = broker_address.parse("mqtts://demo%2Fvan-01:se%3Acret@broker.example")

    assert (address.host, address.port, address.tls) == ("broker.example", 8883, True)
    assert (address.user, address.password) == ("demo/van-01", "se:cret")
    assert "cret" not in repr(address)


@pytest.mark.parametrize(
    "url", ["", "http://host", "mqtt://host/path", "mqtt://", "mqtt://user:secret@host:99999999", "host:1883"]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(broker_address.BrokerAddressError, match="mqtt://user:password@host:1883") as raised:
        broker_address.parse(url)

    assert "secret" not in str(raised.value)
