"""What the scripts ask for: `alert-action` holds {"action", "alert", "at", "text"?}, set by key or button."""

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy.exc
from dash import Input, Output, callback, dcc, no_update

from api import identity
from dashboard import i18n, ids, request_context
from dashboard.components import notices
from domain import errors

_log = logging.getLogger(__name__)


def render() -> dcc.Store:
    """Where scripts put what they ask for."""
    return dcc.Store(id=ids.ALERT_ACTION, data=None)


@callback(Output(ids.NOTIFICATIONS, "sendNotifications"), Input(ids.ALERT_ACTION, "data"), prevent_initial_call=True)
async def act(action: dict[str, Any] | None) -> Any:
    """Acknowledge or resolve; what to tell."""
    signed_in, desk, now = identity.current(), request_context.desk(), dt.datetime.now(dt.UTC)
    match action:
        case {"action": "acknowledge", "alert": alert}:
            return await _told(
                i18n.text("The alert is yours"), lambda: desk.acknowledge(signed_in, uuid.UUID(alert), now)
            )
        case {"action": "resolve", "alert": alert, "text": text}:
            return await _told(
                i18n.text("The alert is resolved"), lambda: desk.resolve(signed_in, uuid.UUID(alert), text, now)
            )
        case _:
            return no_update


async def _told(success: str, work: Callable[[], object]) -> list[dict[str, Any]]:
    try:
        await request_context.services.get().live.acts.run(work)
    except errors.DomainError as error:
        return [notices.refused(error)]
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.TimeoutError):  # away, too slow, or no connection is free
        _log.exception("the database does not answer an action on an alert")
        return [notices.unanswered()]
    return [notices.done(success)]
