"""The rows that the numbers of a day count."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import dash_ag_grid
from dash import dcc, html

from api import figures_desk
from dashboard import i18n
from dashboard.components import today_figures, unit_words
from dashboard.figures import bars

_M_PER_KM = 1000

Row = TypeVar("Row")
Columns = Sequence[tuple[str, str, Callable[[Row], object]]]
"""A field, its title, and what stands under it."""


def render(day: figures_desk.Today, *, zone: str) -> list[html.Section]:
    """A section with chart and rows for units, alerts and visits."""
    return [
        _section(today_figures.UNITS, i18n.text("Units"), bars.distance(day.units), _units(day, zone)),
        _section(today_figures.ALERTS, i18n.text("Alerts"), bars.answers(day, zone=zone), _alerts(day, zone)),
        _section(today_figures.VISITS, i18n.text("Geofence visits"), bars.visits(day.visits), _visits(day, zone)),
    ]


def _section(name: str, title: str, figure: Any, grid: dash_ag_grid.AgGrid) -> html.Section:
    chart = dcc.Graph(id=f"{name}-chart", figure=figure, config={"displayModeBar": False})
    is_empty = not figure.data[0].x
    return html.Section([html.H2(title), *([] if is_empty else [chart]), grid], id=name)


def _units(day: figures_desk.Today, zone: str) -> dash_ag_grid.AgGrid:
    return _grid(
        today_figures.UNITS_GRID,
        day.units,
        [
            ("name", i18n.text("Unit"), lambda unit: unit.name),
            ("person", i18n.text("Person"), lambda unit: unit.person or ""),
            (today_figures.STATE_FIELD, i18n.text("State"), lambda unit: unit_words.state(day.state_of(unit))),
            ("fixes", i18n.text("Fixes"), lambda unit: unit.fixes),
            ("km", i18n.text("km"), lambda unit: round(unit.distance_m / _M_PER_KM, 1)),
            ("last", i18n.text("Newest fix"), lambda unit: i18n.clock(unit.time, zone=zone) if unit.time else ""),
        ],
    )


def _alerts(day: figures_desk.Today, zone: str) -> dash_ag_grid.AgGrid:
    return _grid(
        "today-alerts-grid",
        day.alerts,
        [
            ("raised", i18n.text("Raised"), lambda alert: i18n.clock(alert.raised_at, zone=zone)),
            ("who", i18n.text("Who"), lambda alert: alert.person or alert.fob),
            (
                "seconds",
                i18n.text("Seconds to the first answer"),
                lambda alert: None if alert.answer_s is None else round(alert.answer_s),
            ),
            ("by", i18n.text("Answered by"), lambda alert: alert.answered_by or ""),
        ],
    )


def _visits(day: figures_desk.Today, zone: str) -> dash_ag_grid.AgGrid:
    return _grid(
        "today-visits-grid",
        day.visits,
        [
            ("fence", i18n.text("Geofence"), lambda fence: fence.fence),
            ("visits", i18n.text("Visits"), lambda fence: fence.visits),
            ("units", i18n.text("Units"), lambda fence: fence.units),
            ("last", i18n.text("Last at"), lambda fence: i18n.clock(fence.last_at, zone=zone)),
        ],
    )


def _grid(name: str, rows: Sequence[Row], columns: Columns[Row]) -> dash_ag_grid.AgGrid:
    return dash_ag_grid.AgGrid(
        id=name,
        columnDefs=[{"field": field, "headerName": title, "filter": True} for field, title, _ in columns],
        rowData=[{field: value(row) for field, _, value in columns} for row in rows],
        columnSize="responsiveSizeToFit",
        dashGridOptions={
            "pagination": True,
            "paginationPageSize": 20,
            "domLayout": "autoHeight",
            "localeText": {"noRowsToShow": i18n.text("None.")},
        },
        style={"height": None},
    )
