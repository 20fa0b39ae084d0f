"""The demo: the whole stack, a seeded town in motion, and a terminal view of it that lives."""
