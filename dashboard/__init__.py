"""The pages, with Dash, on the server of `api`: ask, draw. No rules."""
