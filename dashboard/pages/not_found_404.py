"""Where no page is."""

import dash
from dash import dcc, html

from dashboard import i18n

dash.register_page(__name__, title="DriveOps")  # type: ignore[no-untyped-call]


def layout(**_query: str) -> html.Div:
    """A word and a way back."""
    return html.Div(
        [html.H1(i18n.text("There is no such page")), dcc.Link(i18n.text("To the map"), href="/")], className="page"
    )
