"""The pages of the login, in English and French: labels, no scripts, light or dark as the reader has it."""

from dataclasses import dataclass
from html import escape

TEXTS = {
    "en": {
        "title": "Sign in",
        "login": "E-mail",
        "password": "Password",
        "new_password": "New password (at least 10 characters)",
        "submit": "Sign in",
        "wrong": "Not signed in: e-mail or password is wrong, or the account is locked for a while.",
        "many": "Too many attempts from where you are. Try again in {wait_s} s.",
        "busy": "Too many people sign in just now. Try again in a moment.",
        "short": "The password is too short: at least 10 characters.",
        "hello": "Hello {name}.",
        "dead": "This link has been used already or has expired. Ask your administrator for a new one.",
        "back": "Sign in with a password",
    },
    "fr": {
        "title": "Connexion",
        "login": "E-mail",
        "password": "Mot de passe",
        "new_password": "Nouveau mot de passe (au moins 10 caractères)",
        "submit": "Se connecter",
        "wrong": "Connexion refusée : e-mail ou mot de passe incorrect, ou compte bloqué pour un moment.",
        "many": "Trop de tentatives depuis votre réseau. Réessayez dans {wait_s} s.",
        "busy": "Trop de connexions en ce moment. Réessayez dans un instant.",
        "short": "Le mot de passe est trop court : au moins 10 caractères.",
        "hello": "Bonjour {name}.",
        "dead": "Ce lien a déjà servi ou a expiré. Demandez-en un nouveau à votre administrateur.",
        "back": "Se connecter avec un mot de passe",
    },
}

_STYLE = """
:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;display:grid;place-items:center;
min-height:90vh;margin:1rem}
main{width:min(22rem,100%)}label{display:block;margin-top:1rem}input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem}
button{margin-top:1.5rem;cursor:pointer}[role=alert]{border-left:.3rem solid #d55e00;padding-left:.7rem}
:focus-visible{outline:3px solid #0072b2;outline-offset:2px}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page and the CSRF token of its form."""

    html: str
    csrf: str | None = None


def form(
    language: str, *, goes_to: str, csrf: str, login: str = "", problem: str | None = None, wait_s: int = 0
) -> Page:
    """E-mail and password; `problem` is one of TEXTS: wrong, many, busy."""
    texts = TEXTS[language]
    body = (
        (_alert(texts[problem].format(wait_s=wait_s)) if problem else "")
        + f'<form method="post" action="/login">{_hidden("csrf", csrf)}{_hidden("next", goes_to)}'
        + f'<label for="login">{texts["login"]}</label><input id="login" name="login" type="email" required '
        + f'autocomplete="username" autofocus value="{escape(login)}">'
        + _password(texts["password"], "current-password")
        + f'<button type="submit">{texts["submit"]}</button></form>'
    )
    return Page(html=_whole(language, body), csrf=csrf)


def link(language: str, *, name: str, csrf: str, asks_password: bool, is_short: bool) -> Page:
    """What a one-time link shows: a button, and a field where a password is to be set."""
    texts = TEXTS[language]
    body = (
        (_alert(texts["short"]) if is_short else "")
        + f"<p>{escape(texts['hello'].format(name=name))}</p>"
        + f'<form method="post">{_hidden("csrf", csrf)}'
        + (_password(texts["new_password"], "new-password") if asks_password else "")
        + f'<button type="submit">{texts["submit"]}</button></form>'
    )
    return Page(html=_whole(language, body), csrf=csrf)


def dead_link(language: str) -> Page:
    """A link that can't be used."""
    texts = TEXTS[language]
    return Page(html=_whole(language, f'{_alert(texts["dead"])}<p><a href="/login">{texts["back"]}</a></p>'))


def _whole(language: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="same-origin"><link rel="icon" href="data:,">'
        f"<title>{TEXTS[language]['title']} · DriveOps</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>DriveOps</h1>{body}</main></body></html>"
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _password(label: str, autocomplete: str) -> str:
    return (
        f'<label for="password">{label}</label>'
        f'<input id="password" name="password" type="password" required autocomplete="{autocomplete}">'
    )


def _alert(text: str) -> str:
    return f'<p role="alert">{escape(text)}</p>'
