"""The words of short messages about what was done, and why something was not; assets/alert_actions.js tells them."""

from dashboard import i18n


def texts() -> dict[str, object]:
    """Each by the name that the scripts know it by; `refusals` are titles by code, the API's message goes below."""
    return {
        "close": i18n.text("Close"),
        "done": i18n.text("Done"),
        "taken": i18n.text("The alert is yours"),
        "resolved": i18n.text("The alert is resolved"),
        "failed": i18n.text("That did not work"),
        "refusals": {
            "alert_transition": i18n.text("Somebody was faster"),
            "resolution_missing": i18n.text("Say how it ended"),
            "not_permitted": i18n.text("Your role does not allow this"),
        },
        "no_database_answer": i18n.text("The database does not answer. Look whether it was done, and try again."),
        "no_answer": i18n.text("No answer from the server. Look whether it was done, and try again."),
        "session_ends": i18n.text("Your session is about to end"),
        "sign_in_again": i18n.text("Sign out and in again before {time}: after it no alert reaches this page."),
        "still_signed_in": i18n.text("You are still signed in: it did not work"),
    }
