"""Alembic's folder: `versions/` holds one file a step, made by `python -m db revision`."""
