"""Bar charts of the figures of a day."""

from collections.abc import Sequence

import plotly.graph_objects as go

from api import figures_desk
from dashboard import i18n
from db import today_reads

_MOST_BARS = 20
_BLUE, _PURPLE, _ORANGE = "#0072B2", "#CC79A7", "#D55E00"
_GRID = "rgba(128, 128, 128, 0.3)"
"""Quiet on light and on dark."""
_M_PER_KM = 1000


def distance(units: Sequence[today_reads.UnitDay]) -> go.Figure:
    """Kilometres by unit, the furthest first, at most 20 of them."""
    driven = [unit for unit in units if unit.distance_m > 0][:_MOST_BARS]
    return _bars(
        [unit.name for unit in driven],
        [unit.distance_m / _M_PER_KM for unit in driven],
        unit=i18n.text("km"),
        color=_BLUE,
    )


def visits(fences: Sequence[today_reads.Visits]) -> go.Figure:
    """Visits by geofence, at most 20 of them."""
    shown = fences[:_MOST_BARS]
    return _bars(
        [fence.fence for fence in shown], [fence.visits for fence in shown], unit=i18n.text("visits"), color=_PURPLE
    )


def answers(day: figures_desk.Today, *, zone: str) -> go.Figure:
    """Seconds to the first answer by alert, in the order of the day."""
    answered = [alert for alert in reversed(day.alerts) if alert.answer_s is not None]
    return _bars(
        [f"{i18n.clock(alert.raised_at, zone=zone)} {alert.person or alert.fob}" for alert in answered],
        [alert.answer_s or 0.0 for alert in answered],
        unit=i18n.text("seconds"),
        color=_ORANGE,
    )


def _bars(names: list[str], values: Sequence[float], *, unit: str, color: str) -> go.Figure:
    figure = go.Figure(go.Bar(x=values, y=names, orientation="h", marker={"color": color}))
    figure.update_layout(
        height=120 + 24 * len(names),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={
            "title": {"text": unit},
            "rangemode": "tozero",
            "automargin": True,
            "gridcolor": _GRID,
            "zerolinecolor": _GRID,
        },
        yaxis={"autorange": "reversed", "automargin": True, "type": "category"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode=False,
    )
    return figure
