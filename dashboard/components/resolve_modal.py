"""The question how an alert ended; Enter resolves it, Esc leaves it as it is."""

import asyncio
import datetime as dt
import uuid
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, callback, ctx, no_update

from api import identity
from dashboard import attributes, i18n, ids, request_context
from dashboard.components import notices
from domain import accounts, errors


def render() -> dmc.Modal:
    """The closed dialog."""
    return dmc.Modal(
        id=ids.RESOLVE_MODAL,
        title=i18n.text("Resolve the alert"),
        opened=False,
        closeButtonProps={"aria-label": i18n.text("Cancel")},
        children=[
            dmc.TextInput(
                id=ids.RESOLVE_TEXT,
                label=i18n.text("How did it end?"),
                value="",
                n_submit=0,
                debounce=False,
                **attributes.named({"data-autofocus": True}),
            ),
            dmc.Group(
                mt="md",
                justify="flex-end",
                children=[
                    dmc.Button(i18n.text("Cancel"), id=ids.RESOLVE_CANCEL, variant="default", n_clicks=0),
                    dmc.Button(i18n.text("Resolve"), id=ids.RESOLVE_CONFIRM, n_clicks=0),
                ],
            ),
        ],
    )


@callback(
    Output(ids.RESOLVE_MODAL, "opened", allow_duplicate=True),
    Input(ids.RESOLVE_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
async def leave(_clicks: int) -> bool:
    """Close it; nothing happened."""
    return False


@callback(
    Output(ids.RESOLVE_MODAL, "opened", allow_duplicate=True),
    Output(ids.NOTIFICATIONS, "sendNotifications", allow_duplicate=True),
    Input(ids.RESOLVE_CONFIRM, "n_clicks"),
    Input(ids.RESOLVE_TEXT, "n_submit"),
    State(ids.RESOLVE_TEXT, "value"),
    State(ids.ALERT_ACTION, "data"),
    prevent_initial_call=True,
)
async def confirm(_clicks: int, _submits: int, text: str | None, action: dict[str, Any] | None) -> tuple[Any, Any]:
    """Resolve the alert that the dialog was opened for."""
    if not ctx.triggered_id or not action:
        return no_update, no_update
    return await resolve(uuid.UUID(action["alert"]), text or "", now=dt.datetime.now(dt.UTC))


async def resolve(alert_id: uuid.UUID, text: str, *, now: dt.datetime) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the dialog stays open, and what to tell."""
    signed_in = identity.current()
    desk = request_context.desk()
    try:
        signed_in.require(accounts.Permission.HANDLE_ALERTS)
        await asyncio.to_thread(desk.resolve, signed_in, alert_id, text, now)
    except errors.DomainError as error:
        return not text.strip(), [notices.refused(error)]
    return False, [notices.done(i18n.text("The alert is resolved"))]
