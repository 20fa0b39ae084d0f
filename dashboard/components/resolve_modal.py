"""The question how an alert ended; Enter resolves it, Esc leaves it as it is.

A dialog of the browser's own, opened by assets/alert_actions.js at once: what is typed after the key must land in it.
"""

from dash import dcc, html

from dashboard import attributes, i18n, ids


def render() -> html.Dialog:
    """The closed dialog."""
    return html.Dialog(
        id=ids.RESOLVE_MODAL,
        children=[
            html.H2(i18n.text("Resolve the alert")),
            html.P(id=ids.RESOLVE_WHO, className="resolve-who"),
            # It covers the banner: who else needs help is said here too.
            html.P(id=ids.RESOLVE_OTHERS, className="resolve-others", **attributes.named({"aria-live": "assertive"})),
            html.Label(i18n.text("How did it end?"), htmlFor=ids.RESOLVE_TEXT),
            dcc.Input(id=ids.RESOLVE_TEXT, type="text", value="", maxLength=2000, autoComplete="off"),
            html.P(id=ids.RESOLVE_COMPLAINT, role="alert", className="complaint"),
            html.Div(
                className="dialog-buttons",
                children=[
                    _button(ids.RESOLVE_CANCEL, i18n.text("Cancel")),
                    _button(ids.RESOLVE_CONFIRM, i18n.text("Resolve")),
                ],
            ),
        ],
        **attributes.named({"aria-label": i18n.text("Resolve the alert")}),
    )


def _button(name: str, label: str) -> html.Button:
    return html.Button(label, id=name, type="button", className="action")
