"""Bench `phones_http`: positions of phones a second that are answered over HTTP once committed, each a row in the end."""

import asyncio
import datetime as dt
import time
from typing import Any

import numpy as np

from bench import stage
from db import devices, engine, sender_tokens
from stack import ports

PHONES, CONNECTIONS = 500, 50
_TARGET_PER_S = 500.0
_MESSAGES_PER_PHONE_MS = 100
_LIMIT_S = 30.0


def measure(seconds: float) -> list[dict[str, Any]]:
    """Requests a second with so many at a time, over connections that stay.

    Raises:
        RuntimeError: an answer is not 200, or a fix is missing or there twice.
    """
    port = ports.free()
    with stage.running(devices_count=1, fences=100) as ground:
        tokens = _register(ground)
        with ground.ingest(http_port=str(port)):
            started_s = time.monotonic()
            waits_ms = asyncio.run(_send(port, tokens, seconds))
            per_s = len(waits_ms) / (time.monotonic() - started_s)
            _wait_for(ground, len(waits_ms))
    return [
        {
            "name": "phones_http",
            "value": round(per_s),
            "unit": f"messages/s, {CONNECTIONS} at a time; answer p50 {np.median(waits_ms):.0f} ms, "
            f"p99 {np.percentile(waits_ms, 99):.0f} ms",
            "ceiling": round(_TARGET_PER_S),
            "ratio": round(per_s / _TARGET_PER_S, 2),
            "target": f">= {_TARGET_PER_S:g}: 5,000 phones that report each 10 s",
            "met": per_s >= _TARGET_PER_S,
        }
    ]


def _register(ground: stage.Stage) -> list[str]:
    names = [f"phone-{number:04d}" for number in range(PHONES)]
    now = dt.datetime.now(dt.UTC)
    with engine.connect(ground.owner_dsn) as connection:
        devices.add(connection, ground.tenant_id, [devices.NewDevice(name=name, kind="phone") for name in names])
        tokens = [sender_tokens.add(connection, ground.tenant_id, name, created_by="bench", now=now) for name in names]
        connection.commit()
    return tokens


async def _send(port: int, tokens: list[str], seconds: float) -> list[float]:
    ends_s, since_ms = time.monotonic() + seconds, int(time.time() * 1e3) - 86_400_000
    parts = [tokens[number::CONNECTIONS] for number in range(CONNECTIONS)]
    waits = await asyncio.gather(*(_send_over_one(port, part, since_ms, ends_s) for part in parts))
    return [wait_ms for part in waits for wait_ms in part]


async def _send_over_one(port: int, tokens: list[str], since_ms: int, ends_s: float) -> list[float]:
    """One message after the other, of each phone in turn."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waits_ms: list[float] = []
    while time.monotonic() < ends_s:
        turn, which = divmod(len(waits_ms), len(tokens))
        stamp_ms = since_ms + turn * _MESSAGES_PER_PHONE_MS
        began_s = time.monotonic()
        query = f"id={tokens[which]}&lat=60.17&lon=24.94&timestamp={stamp_ms}&speed=10&bearing=90&accuracy=5&batt=80"
        writer.write(f"GET /?{query} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"a phone was answered {head[:20]!r}")
        waits_ms.append((time.monotonic() - began_s) * 1e3)
    writer.close()
    return waits_ms


def _wait_for(ground: stage.Stage, sent: int) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while (stored := ground.count_fixes()) != sent:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{sent} fixes were answered and {stored} are stored")
        time.sleep(0.1)
