import pytest

from api import errors, security_headers, settings

WHOLE = {
    "WEB_DATABASE_URL": "postgresql://web@db/driveops",
    "WEB_AUTH_DATABASE_URL": "postgresql://auth@db/driveops",
    "WEB_MQTT_URL": "mqtt://web:s%3Acret@broker",
}


def test_the_defaults_serve_this_machine_alone() -> None:
    choice = settings.Settings.from_env(WHOLE)

    assert (choice.host, choice.port, choice.public_url, choice.is_https) == ("127.0.0.1", 8050, None, False)
    assert (choice.broker.host, choice.broker.port, choice.broker.user) == ("broker", 1883, "web")
    assert "cret" not in repr(choice)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB_DATABASE_URL", ""),
        ("WEB_AUTH_DATABASE_URL", ""),
        ("WEB_MQTT_URL", "http://broker"),
        ("WEB_PORT", "0"),
        ("WEB_TRUSTED_PROXIES", "127.0.0.1, the proxy"),
        ("WEB_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("WEB_PUBLIC_URL", "fleet.example"),
        ("WEB_PUBLIC_URL", "https://fleet.example/app"),
        ("WEB_MAP_RASTER_URL", "https://tiles.example/{z}/{x}.png"),
        ("WEB_LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(errors.SettingsError, match=name):
        settings.Settings.from_env(WHOLE | {name: value})


@pytest.mark.parametrize(
    ("more", "port"),
    [({}, 1883), ({"WEB_DEVICE_BROKER_CA": "system"}, 8883), ({"WEB_DEVICE_BROKER_PORT": "65535"}, 65_535)],
)
def test_devices_find_the_broker_at_the_usual_port_or_at_the_one_that_is_set(more: dict[str, str], port: int) -> None:
    choice = settings.Settings.from_env(WHOLE | {"WEB_DEVICE_BROKER_HOST": "broker.example"} | more)

    assert choice.broker_of_devices is not None
    assert choice.broker_of_devices.port == port


@pytest.mark.parametrize("value", ["0", "65536", "-1", "mqtt"])
def test_a_port_for_devices_that_is_none_is_named(value: str) -> None:
    with pytest.raises(errors.SettingsError, match=f"WEB_DEVICE_BROKER_PORT='{value}' is not a port from 1 to 65535"):
        settings.Settings.from_env(
            WHOLE | {"WEB_DEVICE_BROKER_HOST": "broker.example", "WEB_DEVICE_BROKER_PORT": value}
        )


def test_a_certificate_that_is_not_there_is_named() -> None:
    with pytest.raises(errors.SettingsError, match="WEB_MQTT_CA: /nowhere"):
        settings.Settings.from_env(WHOLE | {"WEB_MQTT_URL": "mqtts://broker", "WEB_MQTT_CA": "/nowhere"})


def test_proxies_are_addresses_and_networks() -> None:
    choice = settings.Settings.from_env(WHOLE | {"WEB_TRUSTED_PROXIES": "127.0.0.1, 172.16.0.0/12"})
    assert choice.trusted_proxies == ("127.0.0.1", "172.16.0.0/12")
    assert settings.Settings.from_env(WHOLE).trusted_proxies == ("127.0.0.1",)


def test_the_tile_host_and_no_other_is_let_into_the_policy() -> None:
    tiles = security_headers.tile_origin("https://tiles.example:8443/{z}/{x}/{y}.png")

    rules = dict(rule.split(" ", 1) for rule in security_headers.policy(["'sha256-x'"], tiles).split("; "))

    assert rules["img-src"] == "'self' data: blob: https://tiles.example:8443"
    assert rules["connect-src"] == "'self' https://tiles.example:8443"
    assert rules["script-src"] == "'self' 'sha256-x'"
