from pathlib import Path

import pytest

from gateway import secret_file, settings_table


@pytest.fixture
def table(tmp_path: Path) -> settings_table.Table:
    (tmp_path / "secret").write_text("s3cret\n")
    return settings_table.Table(tmp_path / "gateway.toml", "broker", {"key_file": "secret"})


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_file_that_strangers_cannot_read_is_read(table: settings_table.Table, tmp_path: Path, mode: int) -> None:
    (tmp_path / "secret").chmod(mode)

    assert secret_file.read(table, "password_file", "secret") == "s3cret"
    assert secret_file.file(table, "key_file") == tmp_path / "secret"


@pytest.mark.parametrize(("mode", "advice"), [(0o644, "o-rwx"), (0o602, "o-rwx"), (0o660, "g-wx"), (0o620, "g-wx")])
def test_a_file_open_to_strangers_is_refused_by_name(
    table: settings_table.Table, tmp_path: Path, mode: int, advice: str
) -> None:
    (tmp_path / "secret").chmod(mode)

    with pytest.raises(settings_table.SettingError, match=f"broker.password_file: .*secret .*chmod {advice} it"):
        secret_file.read(table, "password_file", "secret")
    with pytest.raises(settings_table.SettingError, match=f"broker.key_file: .*secret .*chmod {advice} it"):
        secret_file.file(table, "key_file")


def test_an_empty_and_a_missing_file_are_no_secret(table: settings_table.Table, tmp_path: Path) -> None:
    (tmp_path / "empty").touch(mode=0o600)

    with pytest.raises(settings_table.SettingError, match="empty is empty"):
        secret_file.read(table, "password_file", "empty")
    with pytest.raises(settings_table.SettingError, match="No such file"):
        secret_file.read(table, "password_file", "absent")


def test_a_certificate_is_as_secret_as_the_key_in_it(table: settings_table.Table, tmp_path: Path) -> None:
    certificate = tmp_path / "secret"
    certificate.write_text("-----BEGIN CERTIFICATE-----\n")
    certificate.chmod(0o644)
    assert secret_file.certificate(table, "key_file") == certificate

    certificate.write_text("-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n")
    with pytest.raises(settings_table.SettingError, match="can be read or changed by everybody"):
        secret_file.certificate(table, "key_file")

    certificate.chmod(0o600)
    assert secret_file.certificate(table, "key_file") == certificate


@pytest.mark.parametrize(
    ("mode", "holds_password", "is_told"), [(0o644, True, True), (0o600, True, False), (0o644, False, False)]
)
def test_a_configuration_with_the_password_in_it_that_others_can_read_is_told(
    tmp_path: Path, mode: int, *, holds_password: bool, is_told: bool
) -> None:
    (tmp_path / "gateway.toml").touch(mode=mode)
    (tmp_path / "gateway.toml").chmod(mode)

    told = secret_file.advice(tmp_path / "gateway.toml", holds_password=holds_password)

    assert (told is not None) == is_told


def test_a_plain_name_is_looked_for_among_systemds_credentials_first(
    table: settings_table.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv(secret_file.CREDENTIALS, str(tmp_path / "credentials"))
    (tmp_path / "secret").chmod(0o600)
    assert secret_file.read(table, "password_file", "secret") == "s3cret"

    (tmp_path / "credentials" / "secret").write_text("from systemd")
    (tmp_path / "credentials" / "secret").chmod(0o440)
    assert secret_file.read(table, "password_file", "secret") == "from systemd"
    assert secret_file.read(table, "password_file", str(tmp_path / "secret")) == "s3cret"
