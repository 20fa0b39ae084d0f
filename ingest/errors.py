"""What goes wrong in ingest and is told to a person."""


class IngestError(Exception):
    """The root of these errors."""


class SettingsError(IngestError):
    """A setting is missing or makes no sense; the message names it."""


class DatabaseAwayError(IngestError):
    """The database can't be reached or refuses to work; what was in hand is kept and tried again."""


class BatchRefusedError(IngestError):
    """The database refuses what a batch holds; nothing of it is committed."""
