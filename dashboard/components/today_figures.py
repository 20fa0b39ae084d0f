"""The numbers of a day, each a link to the rows that it counts."""

import json
from collections import Counter
from collections.abc import Mapping

from dash import html

from api import figures_desk
from dashboard import attributes, i18n
from dashboard.components import unit_words
from domain import liveness

UNITS, ALERTS, VISITS = "today-units", "today-alerts", "today-visits"  #: the sections of rows that links lead to
STATE_FIELD = "state"
_M_PER_KM = 1000


def render(day: figures_desk.Today) -> html.Ul:
    """The list of numbers."""
    states = Counter(day.state_of(unit) for unit in day.units)
    median_s = day.median_answer_s
    return html.Ul(
        className="figures",
        children=[
            _units(i18n.text("moving"), states, liveness.UnitState.MOVING),
            _units(i18n.text("standing"), states, liveness.UnitState.STANDING),
            _units(i18n.text("stale"), states, liveness.UnitState.STALE),
            _units(i18n.text("silent for over 30 minutes"), states, liveness.UnitState.SILENT),
            _figure(i18n.text("fixes"), i18n.number(day.fixes), UNITS, _over_0("fixes")),
            _figure(i18n.text("km driven"), i18n.number(day.distance_m / _M_PER_KM, digits=1), UNITS, _over_0("km")),
            _figure(i18n.text("alerts"), i18n.number(len(day.alerts)), ALERTS),
            _figure(
                i18n.text("median time to the first answer"),
                i18n.text("none yet") if median_s is None else i18n.duration(median_s),
                ALERTS,
            ),
            _figure(i18n.text("geofence visits"), i18n.number(sum(fence.visits for fence in day.visits)), VISITS),
        ],
    )


def grid(section: str) -> str:
    """The id of the table that stands in a section."""
    return f"{section}-grid"


def _units(label: str, states: Counter[liveness.UnitState], state: liveness.UnitState) -> html.Li:
    wanted = {STATE_FIELD: {"filterType": "text", "type": "equals", "filter": unit_words.state(state)}}
    return _figure(label, i18n.number(states[state]), UNITS, wanted)


def _over_0(field: str) -> Mapping[str, object]:
    return {field: {"filterType": "number", "type": "greaterThan", "filter": 0}}


def _figure(label: str, value: str, section: str, wanted: Mapping[str, object] | None = None) -> html.Li:
    """`wanted` is ag-grid's filter of the rows that the number counts; assets/today.js sets it."""
    filtering = attributes.named({"data-filter": json.dumps(wanted or {}), "data-grid": grid(section)})
    return html.Li(html.A([html.Span(value, className="value"), html.Span(label)], href=f"#{section}", **filtering))
