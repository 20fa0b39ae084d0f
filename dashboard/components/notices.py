"""The words of short messages about what was done, and why something was not; assets/alert_actions.js tells them."""

from dashboard import i18n


def texts() -> dict[str, object]:
    """Each by the name that the scripts know it by; `refusals` and `reasons` are titles and messages by the API's code."""
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
            "alert_not_found": i18n.text("There is no such alert"),
            "not_signed_in": i18n.text("You are no longer signed in"),
        },
        "reasons": _reasons(),
        "text_kept": i18n.text("What you wrote is kept: press R on the alert of {who} to open it again."),
        "session_ends": i18n.text("Your session is about to end"),
        "sign_in_again": i18n.text("Sign out and in again before {time}: after it no alert reaches this page."),
        "still_signed_in": i18n.text("You are still signed in: it did not work"),
    }


def _reasons() -> dict[str, str]:
    reload = i18n.text("Load this page again, then try again.")
    busy = i18n.text("The server is busy. Try again.")
    return {
        "unavailable": i18n.text("The database does not answer. Look whether it was done, and try again."),
        "no_answer": i18n.text("No answer from the server. Look whether it was done, and try again."),
        "busy": busy,
        "alert_race": busy,
        "csrf": reload,
        "foreign_origin": reload,
        "not_signed_in": reload,
    }
