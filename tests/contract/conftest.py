import pytest

from tests.contract import stages
from tests.fixtures.database import Database


@pytest.fixture
def database(shared_database: Database) -> Database:
    """One for the module: each stage empties it first."""
    return shared_database


@pytest.fixture(params=["memory", "postgres as backend", "postgres as web"])
def stage(request: pytest.FixtureRequest) -> stages.Stage:
    if request.param == "memory":
        return stages.MemoryStage()
    role = "web" if request.param.endswith("web") else "backend"
    return stages.PostgresStage(
        owner=request.getfixturevalue("owner"), role=request.getfixturevalue(role), one_tenant=role == "web"
    )


@pytest.fixture
def backend_stage(request: pytest.FixtureRequest) -> stages.PostgresStage:
    return stages.PostgresStage(
        owner=request.getfixturevalue("owner"), role=request.getfixturevalue("backend"), one_tenant=False
    )
