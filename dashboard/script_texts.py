"""The words that scripts show, in the reader's language; they travel in the page's `texts-store`."""

from dashboard import i18n
from dashboard.components import alert_words, notices


def texts() -> dict[str, object]:
    """Each by the name that the scripts know it by."""
    return {
        "language": i18n.language.get(),
        "live": i18n.text("live"),
        "connecting": i18n.text("connecting"),
        "dead": i18n.text("not connected"),
        "too_many_pages": i18n.text("Too many pages of this account are open: this one hears no alerts"),
        "reload_page": i18n.text("Close some of them, then load this page again."),
        "no_database": i18n.text("database down"),
        "no_broker": i18n.text("no positions: broker down"),
        "no_ingest": i18n.text("no positions: ingest down"),
        "sound_on": i18n.text("Sound on"),
        "sound_off": i18n.text("Enable sound"),
        "alerts": alert_words.texts(),
        **notices.texts(),
    }
