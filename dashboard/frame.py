"""What stands around every page: the bar at the top, the alarm banner, the stores that scripts fill."""

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, dcc, html

from api import identity, languages
from dashboard import attributes, i18n, ids, request_context, script_texts
from dashboard.components import alert_banner, resolve_modal
from domain import accounts

_BAR_PX = 56
_TALL_BAR_PX = 92  #: on a narrow screen: pages above, states below
_LANGUAGE_NAMES = {"en": "EN", "fr": "FR"}


def layout() -> dmc.MantineProvider:
    """The whole document, in the reader's language and colours."""
    return dmc.MantineProvider(
        id=ids.PROVIDER,
        forceColorScheme=request_context.scheme.get(),
        defaultColorScheme="auto",
        children=[
            # Below: at the top they would cover the buttons of the next alert.
            dmc.NotificationContainer(id=ids.NOTIFICATIONS, position="bottom-right"),
            *_stores(),
            dmc.AppShell(
                id=ids.SHELL,
                header={"height": {"base": _TALL_BAR_PX, "sm": _BAR_PX}},
                padding=0,
                children=[
                    dmc.AppShellHeader(_bar(), px={"base": 4, "sm": "sm"}),
                    dmc.AppShellMain([alert_banner.render(), alert_banner.spoken(), dash.page_container]),
                ],
            ),
            resolve_modal.render(),
        ],
    )


def _stores() -> list[dcc.Store]:
    return [
        dcc.Store(id=ids.ALERTS_STORE, data=[]),
        dcc.Store(id=ids.VITALS_STORE, data=None),
        dcc.Store(id=ids.SOCKET_STORE, data={"state": "connecting"}),
        dcc.Store(id=ids.TEXTS_STORE, data=script_texts.texts()),
    ]


def _bar() -> dmc.Group:
    signed_in = identity.current_or_none.get()
    return dmc.Group(
        className="bar",
        h="100%",
        justify="space-between",
        wrap="nowrap",
        gap="xs",
        children=[
            dmc.Group(
                [dmc.Text("DriveOps", fw=700, visibleFrom="sm"), _navigation(signed_in)], wrap="nowrap", gap="sm"
            ),
            dmc.Group(
                [_alarm_count(), _sound(), _connection(), *_choices(), *_account(signed_in)],
                wrap="nowrap",
                gap="xs",
            ),
        ],
    )


def _navigation(signed_in: accounts.Identity | None) -> html.Nav:
    links = [dcc.Link(i18n.text("Map"), href="/"), dcc.Link(i18n.text("Alerts"), href="/alerts")]
    if signed_in is not None and signed_in.may(accounts.Permission.SEE_FIGURES):
        links.append(dcc.Link(i18n.text("Today"), href="/today"))
    return html.Nav(links, className="navigation", **attributes.named({"aria-label": i18n.text("Pages")}))


def _alarm_count() -> dcc.Link:
    # The count is a span of its own: a link of Dash's takes no data attributes.
    return dcc.Link(
        html.Span("0", id=ids.ALARM_COUNT, className="alarm-count"), href="/alerts", title=i18n.text("Open alerts")
    )


def _sound() -> dmc.Group:
    return dmc.Group(
        gap=4,
        wrap="nowrap",
        children=[
            dmc.Button(
                i18n.text("Enable sound"), id=ids.SOUND_SWITCH, size="compact-sm", variant="default", n_clicks=0
            ),
            dmc.Badge(
                i18n.text("muted"),
                id=ids.MUTED_BADGE,
                color="red",
                variant="outline",
                className="muted-badge",
            ),
        ],
    )


def _connection() -> html.Span:
    return html.Span(
        i18n.text("connecting"),
        id=ids.CONNECTION_BADGE,
        className="connection",
        role="status",
        **attributes.named({"data-state": "connecting"}),
    )


def _choices() -> list[dmc.SegmentedControl | dmc.Button]:
    return [
        dmc.SegmentedControl(
            id=ids.LANGUAGE_SWITCH,
            data=[{"value": code, "label": _LANGUAGE_NAMES[code]} for code in languages.LANGUAGES],
            value=i18n.language.get(),
            size="xs",
            **attributes.named({"aria-label": i18n.text("Language")}),
        ),
        dmc.Button(
            "◐",
            id=ids.SCHEME_SWITCH,
            size="compact-sm",
            variant="default",
            n_clicks=0,
            **attributes.named({"aria-label": i18n.text("Light or dark")}),
        ),
    ]


def _account(signed_in: accounts.Identity | None) -> list[html.Details]:
    if signed_in is None:
        return []
    # The browser's own disclosure: the kit's menu puts its ARIA on an element that may not have it.
    leave = dmc.Button(i18n.text("Sign out"), id=ids.SIGN_OUT, size="compact-sm", variant="default", n_clicks=0)
    card = html.Div(
        [html.P(f"{signed_in.tenant_name}, {signed_in.role}"), leave],
        className="account-card",
    )
    return [html.Details([html.Summary(signed_in.name, className="account"), card], id=ids.ACCOUNT_MENU)]


def _script(name: str) -> ClientsideFunction:
    return ClientsideFunction(namespace="driveops_frame", function_name=name)


dash.clientside_callback(
    _script("connection"),
    Output(ids.CONNECTION_BADGE, "children"),
    Output(ids.CONNECTION_BADGE, "data-state"),
    Input(ids.SOCKET_STORE, "data"),
    Input(ids.VITALS_STORE, "data"),
    Input(ids.TEXTS_STORE, "data"),
)
dash.clientside_callback(
    _script("alarms"),
    Output(ids.ALARM_COUNT, "children"),
    Output(ids.ALARM_COUNT, "data-open"),
    Input(ids.ALERTS_STORE, "data"),
)
dash.clientside_callback(
    _script("scheme"),
    Output(ids.PROVIDER, "forceColorScheme"),
    Input(ids.SCHEME_SWITCH, "n_clicks"),
    prevent_initial_call=True,
)
dash.clientside_callback(
    _script("language"),
    Output(ids.LANGUAGE_SWITCH, "value"),
    Input(ids.LANGUAGE_SWITCH, "value"),
    prevent_initial_call=True,
)
dash.clientside_callback(
    _script("sign_out"), Output(ids.SIGN_OUT, "disabled"), Input(ids.SIGN_OUT, "n_clicks"), prevent_initial_call=True
)
dash.clientside_callback(
    _script("sound"),
    Output(ids.SOUND_SWITCH, "variant"),
    Input(ids.SOUND_SWITCH, "n_clicks"),
    prevent_initial_call=True,
)
