import pytest

from db import errors, roles, settings

URL = "postgresql://postgres:secret@localhost/driveops"


def test_the_address_is_all_that_is_needed() -> None:
    chosen = settings.Settings.from_env({"DATABASE_URL": URL})

    assert chosen.database_url == URL
    assert chosen.passwords == {}
    assert chosen.keep_fixes_days is None


def test_passwords_are_taken_for_the_roles_that_have_one() -> None:
    env = {"DATABASE_URL": URL, "DB_WEB_PASSWORD": "w", "DB_BACKEND_PASSWORD": "b", "DB_AUTH_PASSWORD": ""}

    assert settings.Settings.from_env(env).passwords == {roles.WEB: "w", roles.BACKEND: "b"}


def test_no_secret_shows_when_settings_are_printed() -> None:
    chosen = settings.Settings.from_env({"DATABASE_URL": URL, "DB_WEB_PASSWORD": "hidden"})

    assert "secret" not in repr(chosen)
    assert "hidden" not in repr(chosen)


def test_a_missing_address_is_named() -> None:
    with pytest.raises(errors.DatabaseError, match="DATABASE_URL is not set"):
        settings.Settings.from_env({})


@pytest.mark.parametrize("value", ["0", "-1", "a month", "1.5"])
def test_a_limit_that_is_no_number_of_days_is_named(value: str) -> None:
    with pytest.raises(errors.DatabaseError, match=f"DB_KEEP_FIXES_DAYS='{value}'"):
        settings.Settings.from_env({"DATABASE_URL": URL, "DB_KEEP_FIXES_DAYS": value})
