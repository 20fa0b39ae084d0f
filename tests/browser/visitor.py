"""A person at a browser: a page that notes everything that a page must not do."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright import sync_api

LIMIT_MS = 20_000
MAP_STATS = (
    "() => (window.driveops && window.driveops.map && window.driveops.map.stats) ? window.driveops.map.stats() : null"
)


class Visitor:
    """One browser context of its own (cookies, language, size) with one page on one server."""

    def __init__(self, browser: sync_api.Browser, url: str, **context: Any) -> None:
        self.url = url
        self.complaints: list[str] = []
        self._context = browser.new_context(base_url=url, locale=context.pop("locale", "en-GB"), **context)
        self._context.set_default_timeout(LIMIT_MS)
        self.page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._ask)
        self.page.on("response", self._answered)

    def sign_in(self, login: str, password: str) -> None:
        """Fill the form that everybody without a session gets."""
        self.page.goto("/")
        self.page.get_by_role("textbox", name="E-mail").fill(login)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def evaluate(self, expression: str) -> Any:
        """Ask the page; a function, as its security policy refuses strings."""
        return self.page.evaluate(expression)

    def wait_for(self, expression: str, reached: Callable[[Any], bool], limit_ms: int = LIMIT_MS) -> Any:
        """Poll the page until a value is as wanted; a policy without `unsafe-eval` refuses wait_for_function."""
        found = None
        for _ in range(limit_ms // 100):
            found = self.evaluate(expression)
            if reached(found):
                return found
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{expression} is still {found!r} after {limit_ms} ms; complaints: {self.complaints}")

    def forgive(self, part: str) -> None:
        """Forget complaints that the test has caused on purpose."""
        self.complaints = [complaint for complaint in self.complaints if part not in complaint]

    def close(self) -> None:
        """Leave."""
        self._context.close()

    def _hear(self, message: sync_api.ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _ask(self, request: sync_api.Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"request to elsewhere: {request.url}")

    def _answered(self, response: sync_api.Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"status {response.status}: {response.url}")
