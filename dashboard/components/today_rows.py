"""The rows that the numbers of a day count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import dash_ag_grid
from dash import dcc, html

from api import figures_desk
from dashboard import i18n
from dashboard.components import grid_words, today_figures, unit_words
from dashboard.figures import bars

_M_PER_KM = 1000

_FILTERS = dict.fromkeys(("fixes", "km", "seconds", "visits", "units"), "agNumberColumnFilter")

Row = TypeVar("Row")
Columns = Sequence[tuple[str, str, Callable[[Row], object]]]
"""A field, its title, and what stands under it."""


SECTIONS = (today_figures.UNITS, today_figures.ALERTS, today_figures.VISITS)
"""In the order in which everything here comes."""


def render(day: figures_desk.Today, *, zone: str) -> list[html.Section]:
    """A section with chart and rows for units, alerts and visits."""
    titles = (i18n.text("Units"), i18n.text("Alerts"), i18n.text("Geofence visits"))
    parts = zip(SECTIONS, titles, charts(day, zone=zone), _tables(day, zone), strict=True)
    return [
        html.Section(
            [html.H2(title), html.Div(chart, id=chart_place(name)), _grid(today_figures.grid(name), table)], id=name
        )
        for name, title, chart, table in parts
    ]


def charts(day: figures_desk.Today, *, zone: str) -> list[list[dcc.Graph]]:
    """What stands in each section's place for a chart: none where there is nothing to draw."""
    figures = (bars.distance(day.units), bars.answers(day, zone=zone), bars.visits(day.visits))
    return [_chart(name, figure) for name, figure in zip(SECTIONS, figures, strict=True)]


def rows(day: figures_desk.Today, *, zone: str) -> list[list[dict[str, object]]]:
    """The rows of each section's table."""
    return [table.cells() for table in _tables(day, zone)]


def chart_place(section: str) -> str:
    """The id of a section's place for its chart."""
    return f"{section}-chart-place"


def _chart(name: str, figure: Any) -> list[dcc.Graph]:
    is_empty = not figure.data[0].x
    return [] if is_empty else [dcc.Graph(id=f"{name}-chart", figure=figure, config={"displayModeBar": False})]


@dataclass(frozen=True, slots=True)
class _Table(Generic[Row]):
    rows: Sequence[Row]
    columns: Columns[Row]

    def cells(self) -> list[dict[str, object]]:
        return [{field: value(row) for field, _, value in self.columns} for row in self.rows]


def _tables(day: figures_desk.Today, zone: str) -> list[_Table[Any]]:
    return [_units(day, zone), _alerts(day, zone), _visits(day, zone)]


def _units(day: figures_desk.Today, zone: str) -> _Table[Any]:
    return _Table(
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


def _alerts(day: figures_desk.Today, zone: str) -> _Table[Any]:
    return _Table(
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


def _visits(day: figures_desk.Today, zone: str) -> _Table[Any]:
    return _Table(
        day.visits,
        [
            ("fence", i18n.text("Geofence"), lambda fence: fence.fence),
            ("visits", i18n.text("Visits"), lambda fence: fence.visits),
            ("units", i18n.text("Units"), lambda fence: fence.units),
            ("last", i18n.text("Last at"), lambda fence: i18n.clock(fence.last_at, zone=zone)),
        ],
    )


def _grid(name: str, table: _Table[Any]) -> dash_ag_grid.AgGrid:
    return dash_ag_grid.AgGrid(
        id=name,
        columnDefs=[
            {"field": field, "headerName": title, "filter": _FILTERS.get(field, True)}
            for field, title, _ in table.columns
        ],
        rowData=table.cells(),
        columnSize="responsiveSizeToFit",
        dashGridOptions={
            "pagination": True,
            "paginationPageSize": 20,
            "domLayout": "autoHeight",
            "localeText": grid_words.words(),
        },
        style={"height": None},
    )
