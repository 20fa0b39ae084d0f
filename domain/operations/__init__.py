"""Use cases: load, decide, save, tell. Keyword-only; each takes a unit of work and `now`."""
