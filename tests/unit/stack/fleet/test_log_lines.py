import logging

from stack.fleet import log_lines


def test_what_a_line_is_about_stands_behind_its_message() -> None:
    record = logging.makeLogRecord(
        {"msg": "a gateway ended", "levelname": "ERROR", "device": "van-01", "exit_code": 2, "created": 0.0}
    )

    assert log_lines.Formatter().format(record).endswith("ERROR a gateway ended device=van-01 exit_code=2")
