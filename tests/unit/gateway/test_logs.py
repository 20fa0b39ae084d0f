import io
import json
import logging
import sys

from gateway import logs


def written(record: logging.LogRecord) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    handler.handle(record)
    return stream.getvalue()


def test_a_record_is_an_object_on_one_line_with_its_extras() -> None:
    record = logging.makeLogRecord(
        {
            "name": "gateway.x",
            "levelno": 40,
            "levelname": "ERROR",
            "msg": "two\n%s",
            "args": ("lines",),
            "created": 0.25,
        }
        | {"press": "p1"}
    )

    text = written(record)

    assert text.count("\n") == 1
    assert json.loads(text) == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "error",
        "logger": "gateway.x",
        "message": "two\nlines",
        "press": "p1",
    }


def test_an_exception_and_an_extra_that_json_does_not_know_stay_on_the_line() -> None:
    try:
        int("no")
    except ValueError:
        record = logging.makeLogRecord(
            {
                "msg": "it failed",
                "exc_info": sys.exc_info(),
                "thing": {
                    1,
                },
            }
        )

    text = written(record)

    assert text.count("\n") == 1
    assert json.loads(text)["exception"].endswith("base 10: 'no'")
    assert json.loads(text)["thing"] == "{1}"
