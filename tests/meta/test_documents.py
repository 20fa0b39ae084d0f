"""The documents say what there is, and what they say exists."""

import ast
import importlib.util
import re
from collections.abc import Iterator

import pytest

import api.__main__
import dashboard.__main__
import db.cli
import gateway.__main__
import ingest.__main__
import stack.cli
from domain.wire import topics
from tests.meta import command_lines, repository


def commands() -> Iterator[tuple[str, list[str]]]:
    yield from command_lines.of_typer(db.cli.app, "python -m db")
    yield from command_lines.of_typer(ingest.__main__.app, "python -m ingest")
    yield from command_lines.of_typer(api.__main__.app, "python -m api")
    yield from command_lines.of_typer(dashboard.__main__.app, "python -m dashboard")
    yield from command_lines.of_typer(stack.cli.app, "python -m stack")
    yield from command_lines.of_argparse(gateway.__main__._parser(), "python -m gateway")


def test_there_are_commands_to_look_for() -> None:
    assert len(list(commands())) >= 15


@pytest.mark.parametrize(("command", "options"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_every_command_and_option_is_documented(command: str, options: list[str]) -> None:
    documents = repository.all_documents()

    assert f"`{command}" in documents or f"\n{command}" in documents
    assert [option for option in options if not re.search(rf"[`\[ ]{option}\b", documents)] == []


def test_every_environment_variable_is_documented_and_in_the_example() -> None:
    used = repository.variables_in_code()
    assert len(used) >= 10

    assert sorted(name for name in used if f"`{name}`" not in repository.document("docs/configuration.md")) == []
    assert (
        sorted(
            name for name in used if not re.search(rf"^#? ?{name}=", repository.document(".env.example"), re.MULTILINE)
        )
        == []
    )


def test_no_variable_is_documented_that_the_code_does_not_read() -> None:
    documented = set(re.findall(r"^\| `([A-Z][A-Z_0-9]+)`", repository.document("docs/configuration.md"), re.MULTILINE))

    files = "docker-compose.yml", "deploy/compose.metrics.yml"
    composed = {name for file in files for name in re.findall(r"\$\{([A-Z_]+)", repository.document(file))}
    assert documented - repository.variables_in_code() - composed == set()


@pytest.mark.parametrize("lane", topics.Lane)
def test_every_lane_is_documented(lane: topics.Lane) -> None:
    assert re.search(rf"^#+ .*`{lane}`", repository.document("docs/mqtt.md"), re.MULTILINE)


def test_every_topic_stem_is_documented() -> None:
    text = repository.document("docs/mqtt.md")
    assert all(
        stem in text
        for stem in (topics.PREFIX, topics.OUT_PREFIX + "/{tenant}/live", topics.OUT_PREFIX + "/{tenant}/events")
    )


def walk_names() -> list[str]:
    readme = repository.document("README.md")
    walk = readme.split("<!-- walk -->")[1]
    return re.findall(r"`([a-z_]+(?:/[a-z_]+)+(?:\.\w+)?)`", walk)


def test_the_walk_of_the_readme_names_every_station() -> None:
    assert len(walk_names()) >= 10


@pytest.mark.parametrize("name", walk_names())
def test_every_name_in_the_walk_exists(name: str) -> None:
    path, _, attribute = name.partition(".")
    module = path.replace("/", ".")

    # Found and not imported: a page registers itself with a running application.
    assert importlib.util.find_spec(module) is not None
    assert not attribute or hasattr(importlib.import_module(module), attribute)


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for path in [
        repository.ROOT / "README.md",
        repository.ROOT / "CONTRIBUTING.md",
        *(repository.ROOT / "docs").rglob("*.md"),
    ]:
        targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text())
        broken += [f"{path.name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert broken == []


def test_contributing_names_files_that_exist() -> None:
    names = re.findall(
        r"`((?:domain|gateway|ingest|db|api|dashboard|stack|tests|docs)/[\w/.]+?)`",
        repository.document("CONTRIBUTING.md"),
    )

    assert len(names) >= 10
    assert [name for name in names if not (repository.ROOT / name).exists()] == []


def test_no_module_asks_the_domain_for_the_time() -> None:
    """Time is a value in the domain: nothing there reads a clock."""
    clocks = {"now", "utcnow", "today", "monotonic", "time_ns", "perf_counter"}
    found = [
        f"{path.name}:{node.lineno}"
        for path in repository.python_files("domain")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
    ]
    assert found == []
