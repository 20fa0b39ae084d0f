"""Charts as pure functions of their data."""
