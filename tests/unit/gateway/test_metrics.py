import contextlib
import datetime as dt
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import telemetry
from gateway import health, metrics, metrics_outlet, operation_settings

COUNTS = {"good": 7, "bad checksum": 1, "no checksum": 2, "broken": 3, "fixes": 4, "void": 5, "undated": 6}
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')


def report(*, port: str = "gps", fix_age_s: float | None = 1.5, backlog: int = 12) -> health.Report:
    return health.Report(
        status=telemetry.Status(
            time=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), online=True, version="1.2", backlog=backlog,
            ports={port: "open, lead", "fobs": "silent"}, uptime_s=60.0,
        ),
        broker=None, outbox="the disk is full", lead=port, fix_age_s=fix_age_s, sentences={port: COUNTS},
        silent_fobs=("F1",), thinned=8, dropped=9, connections=3, presses={"press": 2, "test": 1}, press_waits=True,
    )  # fmt: skip


def parsed(text: str) -> dict[tuple[str, str], float]:
    """The samples by (name, labels); every line of the text must be right, and each family told with HELP before TYPE."""
    samples: dict[tuple[str, str], float] = {}
    told: list[str] = []
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            assert word == ("TYPE" if told and told[-1] == name else "HELP")
            assert word == "HELP" or rest in ("counter", "gauge")
            assert word == "HELP" or name.endswith("_total") == (rest == "counter")
            told.append(name)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, labels, value = match[1], match[2] or "", float(match[3])
        assert name == told[-1]
        assert (name, labels) not in samples
        samples[name, labels] = value
    assert all(name.startswith("driveops_gateway_") for name in told)
    assert len(set(told)) * 2 == len(told)
    return samples


def test_every_figure_stands_there_once() -> None:
    samples = parsed(metrics.text(report()))

    told = {f"{name.removeprefix(metrics.PREFIX)} {labels}".strip(): value for (name, labels), value in samples.items()}
    assert told == {
        'sentences_total port="gps",kind="good"': 7,
        'sentences_total port="gps",kind="bad_checksum"': 1,
        'sentences_total port="gps",kind="no_checksum"': 2,
        'sentences_total port="gps",kind="broken"': 3,
        'fixes_total port="gps"': 4,
        'void_total port="gps"': 5,
        'undated_total port="gps"': 6,
        'port_good port="gps"': 1,
        'port_good port="fobs"': 0,
        "fix_age_seconds": 1.5,
        "link_up": 1,
        "reconnects_total": 2,
        "backlog_rows": 12,
        "presses_waiting": 1,
        "thinned_total": 8,
        "dropped_total": 9,
        "outbox_trouble": 1,
        'presses_total kind="press"': 2,
        **{f'presses_total kind="{kind}"': 0 for kind in ("long", "double", "man_down", "fall", "check_in", "cancel")},
        'presses_total kind="test"': 1,
        "silent_fobs": 1,
        "uptime_seconds": 60,
        'info version="1.2"': 1,
    }


def test_a_figure_that_is_not_known_is_left_out() -> None:
    assert "fix_age_seconds" not in metrics.text(report(fix_age_s=None))


def test_a_name_cannot_break_out_of_its_label() -> None:
    samples = parsed(metrics.text(report(port='g"p\\s\nx 1')))

    assert samples["driveops_gateway_fixes_total", r'port="g\"p\\s\nx 1"'] == 4


def test_the_file_is_replaced_whole_readable_by_others_and_taken_away_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "gateway.prom"
    outlet = metrics_outlet.Outlet(operation_settings.Metrics(textfile=path))

    outlet.show(report(backlog=1))
    before = path.stat().st_ino
    outlet.show(report(backlog=2))

    assert parsed(path.read_text())["driveops_gateway_backlog_rows", ""] == 2
    assert path.stat().st_ino != before
    assert path.stat().st_mode & 0o777 == 0o644
    outlet.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "gone" / "gateway.prom"
    outlet = metrics_outlet.Outlet(operation_settings.Metrics(textfile=path))

    outlet.show(report())
    outlet.show(report())

    assert [each.message for each in caplog.records] == [
        f"metrics.textfile: {path} cannot be written: No such file or directory"
    ]
    assert metrics_outlet.problems(operation_settings.Metrics(textfile=path)) == [
        (f"metrics.textfile: {path}", "its folder is not there or cannot be written")
    ]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def outlet(free_port: int) -> Iterator[metrics_outlet.Outlet]:
    made = metrics_outlet.Outlet(operation_settings.Metrics(listen=("127.0.0.1", free_port)))
    yield made
    made.close()


def test_the_port_tells_the_newest_figures_and_nothing_else(outlet: metrics_outlet.Outlet, free_port: int) -> None:
    outlet.show(report(backlog=1))
    outlet.show(report(backlog=2))

    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert parsed(answer.read().decode())["driveops_gateway_backlog_rows", ""] == 2
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=5)


def test_noise_on_the_port_costs_nobody_else_anything(outlet: metrics_outlet.Outlet, free_port: int) -> None:
    outlet.show(report())
    for noise in (b"\x00\xff" * 100, b"GET", b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n", b""):
        with socket.create_connection(("127.0.0.1", free_port)) as reader:
            reader.sendall(noise)

    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=30) as answer:
        assert answer.status == 200


def test_a_port_that_is_taken_is_said_once_and_used_when_it_is_free(
    outlet: metrics_outlet.Outlet, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    place = f"127.0.0.1:{free_port}"
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        outlet.show(report())
        outlet.show(report())
        settings = operation_settings.Metrics(listen=("127.0.0.1", free_port))
        found = metrics_outlet.problems(settings)
    outlet.show(report())

    trouble = "cannot be listened on: Address already in use"
    assert [each.message for each in caplog.records] == [f"metrics.listen: {place} {trouble}"]
    assert found == [(f"metrics.listen: {place}", trouble)]
    with urllib.request.urlopen(f"http://{place}/metrics", timeout=5) as answer:
        assert answer.status == 200


def test_a_reader_that_never_ends_does_not_keep_the_gateway_from_its_end(free_port: int) -> None:
    outlet = metrics_outlet.Outlet(operation_settings.Metrics(listen=("127.0.0.1", free_port)))
    outlet.show(report())
    is_over = threading.Event()
    with socket.create_connection(("127.0.0.1", free_port)) as reader:

        def dribble() -> None:
            with contextlib.suppress(OSError):  # the other side may be closed by then
                while not is_over.wait(0.2):
                    reader.sendall(b"G")

        reader.sendall(b"G")
        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            outlet.close()
        finally:
            is_over.set()
            thread.join()

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", free_port)) != 0
