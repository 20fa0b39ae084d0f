"""The web server whole: what Dash 4.4.1 gets wrong by itself, and pages in the reader's language and role."""

import base64
import hashlib
import re

import httpx
import pytest

from domain import accounts
from tests.fixtures.web import WebProcess
from tests.integration.dashboard.conftest import SignIn

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@pytest.fixture
def client(sign_in: SignIn) -> httpx.Client:
    return sign_in(accounts.Role.DISPATCHER)


def test_the_first_request_of_all_may_be_a_sub_page(client: httpx.Client) -> None:
    page = client.get("/alerts").text
    for script in ("_bus", "_post", "live_socket", "alert_choice", "alert_actions", "keyboard", "alarm_sound", "frame"):
        assert f"assets/{script}.js" in page
    assert page.index("assets/_bus.js") < page.index("assets/alarm_sound.js")
    assert "assets/frame.css" in page


def test_every_inline_script_is_in_the_policy(client: httpx.Client) -> None:
    answer = client.get("/alerts")
    scripts = [script for script in _SCRIPT.findall(_COMMENT.sub("", answer.text)) if script.strip()]
    assert scripts
    policy = answer.headers["content-security-policy"]
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, script[:200]


def test_unknown_addresses_of_the_api_are_not_pages(client: httpx.Client) -> None:
    answer = client.get("/api/v1/nope")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_nobody_sees_a_page_before_signing_in(web_server: WebProcess) -> None:
    for path in ("/alerts", "/today", "/"):
        answer = httpx.get(web_server.url + path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


def test_the_frame_is_in_the_readers_language_and_of_their_role(sign_in: SignIn) -> None:
    dispatcher, manager = sign_in(accounts.Role.DISPATCHER), sign_in(accounts.Role.MANAGER)
    # Read as JSON: Dash writes slashes as escapes.
    english = str(dispatcher.get("/_dash-layout").json())
    french = str(dispatcher.get("/_dash-layout", headers={"cookie": _cookies(dispatcher, language="fr")}).json())
    assert "Enable sound" in english
    assert "Activer le son" in french
    assert "'href': '/today'" not in english
    assert "'href': '/today'" in str(manager.get("/_dash-layout").json())


@pytest.mark.parametrize(
    ("role", "heading"),
    [(accounts.Role.DISPATCHER, "Your role does not allow this"), (accounts.Role.MANAGER, "km driven")],
)
def test_today_is_for_managers(sign_in: SignIn, role: accounts.Role, heading: str) -> None:
    assert heading in _page(sign_in(role), "/today")


def test_a_callback_without_the_csrf_token_is_refused(client: httpx.Client) -> None:
    assert client.post("/_dash-update-component", json={}).status_code == 403


def _page(client: httpx.Client, path: str) -> str:
    return _update(
        client,
        outputs=["_pages_content.children", "_pages_store.data"],
        props={"_pages_location.pathname": path, "_pages_location.search": ""},
    )


def _update(client: httpx.Client, *, outputs: list[str], props: dict[str, object]) -> str:
    """What a browser sends when a property changes: the callback is found among those that the server offers."""
    offered = client.get("/_dash-dependencies").json()
    found = next(
        each
        for each in offered
        if [f"{i['id']}.{i['property']}" for i in each["inputs"]] == list(props)
        and all(name in each["output"] for name in outputs)
    )
    names = found["output"].strip(".").split("...")
    wanted = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    body = {
        "output": found["output"],
        "outputs": wanted if len(wanted) > 1 else wanted[0],
        "inputs": [
            {"id": name.rsplit(".", 1)[0], "property": name.rsplit(".", 1)[1], "value": value}
            for name, value in props.items()
        ],
        "changedPropIds": list(props)[:1],
    }
    answer = client.post("/_dash-update-component", json=body, headers={"X-CSRFToken": client.cookies["_csrf_token"]})
    answer.raise_for_status()
    return answer.text


def _cookies(client: httpx.Client, **more: str) -> str:
    return "; ".join(f"{name}={value}" for name, value in {**dict(client.cookies), **more}.items())
