"""The tenant's day in figures, for those who may see them."""

import functools

import dash
from dash import html

from dashboard import i18n
from dashboard.components import today_view

dash.register_page(__name__, path="/today", title=functools.partial(i18n.title, "Today"))  # type: ignore[no-untyped-call]


async def layout(**_query: str) -> html.Div:
    """The page, or why there is none."""
    return await today_view.render()
