"""The live map: what a dispatcher looks at all day."""

import functools

import dash
from dash import dcc, html

from dashboard import i18n, ids, request_context
from dashboard.components import map as map_component
from dashboard.components import unit_card, unit_list

dash.register_page(__name__, path="/", title=functools.partial(i18n.title, "Map"))  # type: ignore[no-untyped-call]


def layout(**_query: str) -> html.Div:
    """The page."""
    choice = request_context.services.get().choice
    return html.Div(
        className="map-page",
        children=[
            html.H1(i18n.text("Map"), className="unseen"),
            dcc.Store(id=ids.SELECTED_UNIT, data=None),
            unit_list.render(),
            html.Div([map_component.render(choice), unit_card.render()], className="map-area"),
        ],
    )
