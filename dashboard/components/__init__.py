"""Pieces of pages: what each looks like, and its callbacks."""
