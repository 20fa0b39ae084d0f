"""The ids of what callbacks, scripts and tests meet on the pages; a name here is a name everywhere."""

# The frame, on every page.
PROVIDER = "theme"
SHELL = "shell"
CONNECTION_BADGE = "connection-badge"
ALARM_COUNT = "alarm-count"
SOUND_SWITCH = "sound-switch"
MUTED_BADGE = "muted-badge"
SCHEME_SWITCH = "scheme-switch"
LANGUAGE_SWITCH = "language-switch"
ACCOUNT_MENU = "account-menu"
SIGN_OUT = "sign-out"
NOTIFICATIONS = "notifications"

# What the scripts tell Dash: set by assets/live_socket.js.
ALERTS_STORE = "alerts-store"
VITALS_STORE = "vitals-store"
SOCKET_STORE = "socket-store"

# What Dash tells the scripts.
TEXTS_STORE = "texts-store"

# Alerts.
ALERT_BANNER = "alert-banner"
ALERT_SPOKEN = "alert-spoken"
ALERT_QUEUE = "alert-queue"
RESOLVED_ALERTS = "resolved-alerts"
RESOLVE_MODAL = "resolve-modal"
RESOLVE_WHO = "resolve-who"
RESOLVE_OTHERS = "resolve-others"
RESOLVE_TEXT = "resolve-text"
RESOLVE_COMPLAINT = "resolve-complaint"
RESOLVE_CONFIRM = "resolve-confirm"
RESOLVE_CANCEL = "resolve-cancel"

# The live map.
LIVE_MAP = "live-map"
UNIT_LIST = "unit-list"
UNIT_SEARCH = "unit-search"
UNIT_CARD = "unit-card"
FOLLOW_SWITCH = "follow-switch"
FLAWED_SWITCH = "flawed-switch"
SELECTED_UNIT = "selected-unit"
UNIT_SIDE = "unit-side"
UNIT_SIDE_HANDLE = "unit-side-handle"
UNIT_STATE = "unit-state"
UNIT_COUNT = "unit-count"
UNITS_REFRESH = "units-refresh"
UNIT_CARD_BODY = "unit-card-body"
UNIT_CARD_CLOSE = "unit-card-close"

# Today.
TODAY_CONTENT = "today-content"
TODAY_AS_OF = "today-as-of"
TODAY_FIGURES = "today-figures"
TODAY_REFRESH = "today-refresh"
