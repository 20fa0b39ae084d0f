"""The simulator's pseudo-terminal, from the gateway's end."""

import asyncio
import os

from domain import telemetry
from stack.fleet import serial_pair


def test_a_press_comes_out_as_its_sentence() -> None:
    async def scenario() -> bytes:
        pair = serial_pair.SerialPair(lambda _lamp: None)
        port = os.open(pair.path, os.O_RDWR | os.O_NOCTTY)
        try:
            pair.press(fob="FOB-00001", kind=telemetry.PressKind.MAN_DOWN, sequence=7, battery_pct=93, rssi_dbm=-61)
            return await asyncio.to_thread(os.read, port, 200)
        finally:
            os.close(port)
            pair.close()

    assert asyncio.run(scenario()) == b"$PDOP,DOWN,FOB-00001,7,93,-61*75\r\n"


def test_what_the_gateway_answers_lights_the_lamp() -> None:
    async def scenario() -> list[serial_pair.Lamp]:
        lit: list[serial_pair.Lamp] = []
        came = asyncio.Event()

        def light(lamp: serial_pair.Lamp) -> None:
            lit.append(lamp)
            came.set()

        pair = serial_pair.SerialPair(light)
        port = os.open(pair.path, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(port, b"$PDOP,ACK,F1,7,REC")
            await asyncio.sleep(0.05)
            os.write(port, b"EIVED*0D\r\n$PDOP,ACK,F1,8,RECEIVED*00\r\n")
            async with asyncio.timeout(5):
                await came.wait()
            return lit
        finally:
            os.close(port)
            pair.close()

    assert asyncio.run(scenario()) == [serial_pair.Lamp(fob="F1", sequence=7, state="RECEIVED")]


def test_what_nobody_reads_is_lost_and_counted() -> None:
    async def scenario() -> int:
        pair = serial_pair.SerialPair(lambda _lamp: None)
        try:
            for _ in range(100):
                pair.write(b"x" * 1000)
            return pair.lost_bytes
        finally:
            pair.close()

    assert 0 < asyncio.run(scenario()) < 100_000


def test_the_gateway_may_come_and_go() -> None:
    async def scenario() -> list[bytes]:
        pair = serial_pair.SerialPair(lambda _lamp: None)
        heard = []
        try:
            for text in (b"first\r\n", b"second\r\n"):
                port = os.open(pair.path, os.O_RDWR | os.O_NOCTTY)
                pair.write(text)
                heard.append(await asyncio.to_thread(os.read, port, 100))
                os.close(port)
                await asyncio.sleep(0.05)
            return heard
        finally:
            pair.close()

    assert asyncio.run(scenario()) == [b"first\r\n", b"second\r\n"]
