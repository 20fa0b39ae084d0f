"""What the terminal view says, in English and French."""

from collections.abc import Mapping

LANGUAGES = ("en", "fr")

_WORDS: Mapping[str, tuple[str, str]] = {
    "age": ("age", "âge"),
    "alerts": ("Alerts", "Alertes"),
    "acknowledged": ("taken", "prise"),
    "acknowledged_by": ("by {by}", "par {by}"),
    "already": ("Nothing changed: {reason}", "Rien n'a changé : {reason}"),
    "ask_resolution": (
        "How did it end? (Enter to resolve, Esc to leave) ",
        "Comment cela s'est-il terminé ? (Entrée ou Échap) ",
    ),
    "crossings": ("fence crossings in an hour", "passages de zone en une heure"),
    "did_acknowledged": ("You have taken the alert of {who}", "Vous avez pris l'alerte de {who}"),
    "did_panic": ("{device} has pressed its button ({fob})", "{device} a pressé son bouton ({fob})"),
    "did_resolved": ("The alert of {who} is resolved", "L'alerte de {who} est close"),
    "down": ("down", "arrêté"),
    "entered": ("{device} entered {fence}", "{device} est entré : {fence}"),
    "exited": ("{device} left {fence}", "{device} est sorti : {fence}"),
    "fixes": ("fixes", "positions"),
    "fleet_gone": ("The fleet does not answer: {reason}", "La flotte ne répond pas : {reason}"),
    "help_acknowledge": ("take the selected alert", "prendre l'alerte choisie"),
    "help_company": ("the other company", "l'autre entreprise"),
    "help_focus": ("between alerts and units", "entre alertes et unités"),
    "help_help": ("this help", "cette aide"),
    "help_panic": (
        "somebody in the fleet presses the panic button",
        "quelqu'un de la flotte presse le bouton d'alarme",
    ),
    "help_quit": (
        "quit, and stop what this command has started",
        "quitter, et arrêter ce que cette commande a démarré",
    ),
    "help_resolve": (
        "resolve the selected alert; asks how it ended",
        "clore l'alerte choisie ; demande comment elle s'est terminée",
    ),
    "help_select": (
        "select an alert, or turn the pages of the units",
        "choisir une alerte, ou tourner les pages des unités",
    ),
    "help_title": ("Keys", "Touches"),
    "keys": (
        "p panic  a take  r resolve  ↑↓ Tab select  t company  ? help  q quit",
        "p alarme  a prendre  r clore  ↑↓ Tab choisir  t entreprise  ? aide  q quitter",
    ),
    "lag": ("lag", "retard"),
    "lamp": ("lamp: {state}", "voyant : {state}"),
    "lamp_acknowledged": ("help is coming", "on arrive"),
    "lamp_gone": (
        "Done, but the lamp of the fob stays as it is: {reason}",
        "C'est fait, mais le voyant reste tel quel : {reason}",
    ),
    "lamp_received": ("received", "reçu"),
    "lamp_resolved": ("off", "éteint"),
    "pages": (
        "The pages, signed in once: {address}",
        "Les pages, connexion unique : {address}",
    ),
    "moving": ("moving", "en route"),
    "no_alerts": ("No open alert. Press p to raise one.", "Aucune alerte. Appuyez sur p pour en déclencher une."),
    "no_selection": ("There is no open alert to select", "Il n'y a aucune alerte à choisir"),
    "no_units": ("Waiting for the first fixes …", "En attente des premières positions …"),
    "open": ("OPEN", "OUVERTE"),
    "page": ("{first}–{last} of {all}", "{first}–{last} sur {all}"),
    "per_second": ("{rate}/s", "{rate}/s"),
    "place": ("place", "lieu"),
    "presses": ("{count} presses", "{count} appuis"),
    "resolved": ("resolved", "close"),
    "services": ("services", "services"),
    "speed": ("km/h", "km/h"),
    "stale": ("silent", "sans nouvelles"),
    "standing": ("standing", "à l'arrêt"),
    "start_fleet": ("Starting the fleet …", "Démarrage de la flotte …"),
    "start_stack": ("Starting the stack …", "Démarrage des services …"),
    "store_gone": ("The database does not answer: {reason}", "La base de données ne répond pas : {reason}"),
    "stopping": ("Stopping …", "Arrêt …"),
    "unit": ("unit", "unité"),
    "units": ("Units", "Unités"),
    "who": ("who", "qui"),
}


class Words:
    """The words of one language; an unknown language is English."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._column = LANGUAGES.index(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """Give a text, its places filled."""
        return _WORDS[key][self._column].format(**values)

    def number(self, value: int) -> str:
        """Write a number as the language groups its digits: 12,345 or 12 345 with a narrow no-break space."""
        return f"{value:,}" if self.language == "en" else f"{value:,}".replace(",", "\u202f")

    def decimal(self, value: float, digits: int) -> str:
        """Write a number with a decimal point, or a comma."""
        text = f"{value:.{digits}f}"
        return text if self.language == "en" else text.replace(".", ",")


def language_of(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for, as gettext reads it: LC_ALL, LC_MESSAGES, LANG, the first that is set."""
    asked = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    return "fr" if asked.lower().startswith("fr") else "en"
