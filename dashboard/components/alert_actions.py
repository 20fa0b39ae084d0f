"""What the scripts ask for: `alert-action` holds {"action", "alert", "at"}, set by key or button."""

import asyncio
import datetime as dt
import uuid
from typing import Any

from dash import Input, Output, callback, no_update

from api import identity
from dashboard import i18n, ids, request_context
from dashboard.components import notices
from domain import accounts, errors


@callback(
    Output(ids.NOTIFICATIONS, "sendNotifications", allow_duplicate=True),
    Output(ids.RESOLVE_MODAL, "opened", allow_duplicate=True),
    Output(ids.RESOLVE_TEXT, "value"),
    Input(ids.ALERT_ACTION, "data"),
    prevent_initial_call=True,
)
async def act(action: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    """Acknowledge at once; resolving asks first."""
    match action:
        case {"action": "acknowledge", "alert": alert}:
            return await acknowledge(uuid.UUID(alert), now=dt.datetime.now(dt.UTC)), no_update, no_update
        case {"action": "resolve"}:
            return no_update, True, ""
        case _:
            return no_update, no_update, no_update


async def acknowledge(alert_id: uuid.UUID, *, now: dt.datetime) -> list[dict[str, Any]]:
    """Take an alert; what to tell."""
    signed_in = identity.current()
    desk = request_context.desk()
    try:
        signed_in.require(accounts.Permission.HANDLE_ALERTS)
        await asyncio.to_thread(desk.acknowledge, signed_in, alert_id, now)
    except errors.DomainError as error:
        return [notices.refused(error)]
    return [notices.done(i18n.text("The alert is yours"))]
