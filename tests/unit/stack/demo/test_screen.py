"""The terminal view, drawn at the widths that terminals have."""

import dataclasses
import datetime as dt
import uuid

import pytest
from rich.cells import cell_len
from rich.console import Console

from db import demo_view
from domain import emergencies
from stack.demo import model, screen, words

_NOW = dt.datetime(2026, 11, 24, 5, 44, 3, tzinfo=dt.UTC)
_STREET = "Pohjoisesplanadi – Norra Esplanaden"
_UNITS = 300
_ADDRESS = "http://127.0.0.1:8050/login/link/" + "T" * 43


def _unit(i: int) -> demo_view.Unit:
    return demo_view.Unit(
        name=f"van-{i + 1:02d}" if i < 3 else f"unit-{i:05d}",
        who="Aino Virtanen",
        time=_NOW - dt.timedelta(seconds=i % 7 if i % 9 else 45),
        lat=60.17,
        lon=24.94,
        speed_mps=(i % 5) * 2.3,
        course_deg=3.0,
        received_at=_NOW,
    )


def _alert(i: int, state: emergencies.AlertState = emergencies.AlertState.OPEN) -> demo_view.Alert:
    return demo_view.Alert(
        id=uuid.UUID(int=i),
        state=state,
        who=f"Person {i}",
        raised_at=_NOW - dt.timedelta(seconds=42 + i),
        press_count=1 + i % 3,
        device_name=f"van-{i:02d}",
        fob=f"FOB-{i:05d}",
        location_lat=60.17,
        location_lon=24.94,
        acknowledged_by=None if state is emergencies.AlertState.OPEN else "dispatcher",
        resolved_by="dispatcher" if state is emergencies.AlertState.RESOLVED else None,
    )


def _model(alerts: tuple[demo_view.Alert, ...] = (), units: int = _UNITS) -> model.Model:
    view = demo_view.View(
        units=tuple(_unit(i) for i in range(units)),
        alerts=alerts,
        known=units,
        moving=units // 2,
        stale=3,
        newest_received_at=_NOW,
        median_lag_s=0.05,
        high_lag_s=0.12,
        fixes=1_234_567,
        crossings=12,
        last_crossing=demo_view.Crossing(time=_NOW, kind="entered", fence="Railway Square", device="unit-00012"),
    )
    tenant = demo_view.Tenant(id=uuid.UUID(int=9), slug="demo", name="Helsinki Ride & Guard")
    services = {"PostgreSQL": True, "Mosquitto": True, "ingest": True, "fleet": False}
    return model.Model(now=_NOW, view=view, tenant=tenant, rate=41.2, services=services)


def _draw(state: model.Model, width: int, height: int, language: str = "en", address: str | None = None) -> list[str]:
    console = Console(width=width, height=height, force_terminal=True, color_system=None, legacy_windows=False)
    drawing = screen.Screen(console, words.Words(language), lambda _lat, _lon: _STREET, address)
    if state.view is not None:
        rows = drawing.unit_rows(state)
        state.view = dataclasses.replace(state.view, units=state.view.units[:rows])
    with console.capture() as captured:
        console.print(drawing.draw(state))
    return captured.get().splitlines()


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (160, 40), (200, 60), (60, 16)])
def test_the_view_fills_the_screen_and_no_more(width: int, height: int, language: str) -> None:
    lines = _draw(_model((_alert(1), _alert(2, emergencies.AlertState.ACKNOWLEDGED))), width, height, language)

    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 40)])
def test_as_many_units_are_listed_as_fit(width: int, height: int) -> None:
    lines = _draw(_model((_alert(1),)), width, height)
    listed = sum("unit-0" in line or "van-0" in line for line in lines)

    assert listed >= (9 if width == 80 else 32)
    # The frame below the last unit is on the screen: none is cut off.
    assert lines[-2].startswith("╰")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 40)])
def test_an_open_alert_shows_who_where_and_how_long(width: int, height: int) -> None:
    text = "\n".join(_draw(_model((_alert(1),)), width, height))

    assert "OPEN" in text
    assert "Person 1" in text
    assert "43 s" in text
    assert "2 presses" in text
    assert f"van-01 · FOB-00001 · {_STREET}" in text


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 40), (60, 16)])
def test_the_address_of_the_pages_takes_one_row_and_pushes_nothing_off(width: int, height: int) -> None:
    lines = _draw(_model((_alert(1),)), width, height, address=_ADDRESS)

    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}
    assert lines[3].startswith(" services")
    assert lines[4].startswith(f" {_ADDRESS}"[:width])
    assert lines[-2].startswith("╰")


def test_the_address_of_the_pages_is_whole_where_a_line_of_80_holds_it() -> None:
    assert any(_ADDRESS in line.split() for line in _draw(_model(), 80, 24, address=_ADDRESS))


def test_without_an_address_its_row_is_the_units() -> None:
    with_it = _draw(_model(), 80, 24, address=_ADDRESS)
    without = _draw(_model(), 80, 24)

    assert sum("unit-0" in line for line in without) == sum("unit-0" in line for line in with_it) + 1
    assert not any("http" in line for line in without)


def test_the_lamp_of_the_fob_is_shown() -> None:
    state = _model((_alert(1),))
    state.lamps["FOB-00001"] = "ACKNOWLEDGED"

    assert "lamp: help is coming" in "\n".join(_draw(state, 160, 40))


def test_the_selected_alert_is_on_the_screen_however_many_there_are() -> None:
    alerts = tuple(_alert(i) for i in range(1, 30))
    state = _model(alerts)
    state.selected = alerts[-1].id

    text = "\n".join(_draw(state, 80, 24))

    assert ">▲ OPEN" in text
    assert "Person 29" in text


def test_a_silent_unit_shows_no_speed() -> None:
    line = next(line for line in _draw(_model(), 160, 40) if "van-01" in line)

    assert "○ van-01" in line
    assert " – " in line


def test_a_service_that_is_down_is_named() -> None:
    assert any("✗ fleet down" in line for line in _draw(_model(), 160, 40))


def test_the_line_for_logs_says_it_all() -> None:
    console = Console(width=80, force_terminal=False)
    drawing = screen.Screen(console, words.Words("en"), lambda _lat, _lon: _STREET)

    line = drawing.line(_model((_alert(1),)))

    assert "\n" not in line
    for part in ("300 units", "150 moving", "41/s", "1,234,567 fixes", "Alerts 1", "fleet down"):
        assert part in line


def test_before_the_first_look_the_view_says_that_it_waits() -> None:
    state = model.Model(now=_NOW)

    assert "Waiting for the first fixes" in "\n".join(_draw(state, 80, 24))


def test_the_help_lists_every_key() -> None:
    state = _model()
    state.shows_help = True
    text = "\n".join(_draw(state, 80, 24))

    for key in ("p", "a", "r", "Tab", "t", "?", "q"):
        assert f" {key} " in text


def test_a_question_shows_what_is_typed() -> None:
    state = _model((_alert(1),))
    state.typing = "false alarm"

    assert "false alarm_" in _draw(state, 80, 24)[-1]


def test_a_terminal_without_unicode_gets_frames_and_symbols_of_ascii() -> None:
    console = _AsciiConsole(width=80, height=24, force_terminal=True, color_system=None, legacy_windows=False)
    drawing = screen.Screen(console, words.Words("en"), lambda _lat, _lon: "Street")
    with console.capture() as captured:
        console.print(drawing.draw(_model((_alert(1),), units=3)))

    assert set("╭│▶■▲").isdisjoint(captured.get())
    assert ">! OPEN" in captured.get()


class _AsciiConsole(Console):
    @property
    def encoding(self) -> str:
        return "ascii"
