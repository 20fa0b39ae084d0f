"""The numbers of a day, each a link to the rows that it counts."""

from collections import Counter

from dash import html

from api import figures_desk
from dashboard import i18n
from domain import liveness

UNITS, ALERTS, VISITS = "today-units", "today-alerts", "today-visits"  #: the sections of rows that links lead to
_M_PER_KM = 1000


def render(day: figures_desk.Today) -> html.Ul:
    """The list of numbers."""
    states = Counter(day.state_of(unit) for unit in day.units)
    median_s = day.median_answer_s
    return html.Ul(
        className="figures",
        children=[
            _figure(i18n.text("moving"), i18n.number(states[liveness.UnitState.MOVING]), UNITS),
            _figure(i18n.text("standing"), i18n.number(states[liveness.UnitState.STANDING]), UNITS),
            _figure(i18n.text("stale"), i18n.number(states[liveness.UnitState.STALE]), UNITS),
            _figure(i18n.text("silent for over 30 minutes"), i18n.number(states[liveness.UnitState.SILENT]), UNITS),
            _figure(i18n.text("fixes"), i18n.number(day.fixes), UNITS),
            _figure(i18n.text("km driven"), i18n.number(day.distance_m / _M_PER_KM, digits=1), UNITS),
            _figure(i18n.text("alerts"), i18n.number(len(day.alerts)), ALERTS),
            _figure(
                i18n.text("median time to the first answer"),
                i18n.text("none yet") if median_s is None else i18n.duration(median_s),
                ALERTS,
            ),
            _figure(i18n.text("geofence visits"), i18n.number(sum(fence.visits for fence in day.visits)), VISITS),
        ],
    )


def _figure(label: str, value: str, section: str) -> html.Li:
    return html.Li(html.A([html.Span(value, className="value"), html.Span(label)], href=f"#{section}"))
