"""The schema as SQLAlchemy tables; db/migrations makes it, and a test holds the two equal."""

from db.tables.accounts import LINK_PURPOSES, account, login_link, session
from db.tables.assignments import assignment, duty_period
from db.tables.audit import audit
from db.tables.credentials import device_code, device_password
from db.tables.emergencies import alert, alert_history, press
from db.tables.geofences import (
    GEOFENCE_KINDS,
    device_group,
    device_group_member,
    geofence,
    geofence_absence,
    geofence_assignment,
    geofence_event,
    geofence_presence,
    visit,
)
from db.tables.metadata import metadata
from db.tables.registry import DEVICE_KINDS, device, fob, person, tenant, vehicle
from db.tables.rejects import reject
from db.tables.senders import quarantine, sender_event, sender_queue, sender_token
from db.tables.telemetry import activity_hourly, device_latest, device_status, fix
from db.tables.tracks import quality_rule, receipt_daily, track_checkpoint, track_state

__all__ = [
    "DEVICE_KINDS",
    "GEOFENCE_KINDS",
    "LINK_PURPOSES",
    "account",
    "activity_hourly",
    "alert",
    "alert_history",
    "assignment",
    "audit",
    "device",
    "device_code",
    "device_group",
    "device_group_member",
    "device_latest",
    "device_password",
    "device_status",
    "duty_period",
    "fix",
    "fob",
    "geofence",
    "geofence_absence",
    "geofence_assignment",
    "geofence_event",
    "geofence_presence",
    "login_link",
    "metadata",
    "person",
    "press",
    "quality_rule",
    "quarantine",
    "receipt_daily",
    "reject",
    "sender_event",
    "sender_queue",
    "sender_token",
    "session",
    "tenant",
    "track_checkpoint",
    "track_state",
    "vehicle",
    "visit",
]
