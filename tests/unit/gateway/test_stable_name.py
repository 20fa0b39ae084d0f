from pathlib import Path

from gateway import port_settings, stable_name


def test_a_changing_name_is_advised_against_and_a_stable_one_is_not(tmp_path: Path) -> None:
    device, other, folder = tmp_path / "ttyUSB0", tmp_path / "ttyUSB1", tmp_path / "by-id"
    folder.mkdir()
    device.touch()
    other.touch()
    link = folder / "usb-maker_gps-if00"
    link.symlink_to("../ttyUSB0")
    ports = [
        port_settings.Port(name=path.name, device=str(path)) for path in (device, link, other, tmp_path / "missing")
    ]

    assert stable_name.advice(ports, folder) == [
        f"port ttyUSB0: name it {link}; {device} can be another one after the next start"
    ]


def test_without_links_there_is_no_advice(tmp_path: Path) -> None:
    assert stable_name.of("/dev/null", tmp_path / "none") is None
