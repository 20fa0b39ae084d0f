"""What only a real database can show: two transactions at once."""

import threading
import time
import uuid
from concurrent import futures

import sqlalchemy as sa

from db import tables
from domain import emergencies, telemetry
from domain.operations import emergencies as operations
from tests.contract import examples, stages
from tests.contract.examples import NOW


def receive(stage: stages.Stage, press: telemetry.Press) -> operations.PressOutcome:
    return operations.receive_press(
        press=press, source=stages.DEVICE, received_at=NOW, now=NOW, uow=stage.unit_of_work(), new_id=uuid.uuid4
    )


def wait_for_a_blocked_transaction(owner: sa.Engine) -> None:
    """Return once a transaction of this database waits for another one."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with owner.connect() as connection:
        while connection.execute(query).scalar_one() == 0:
            connection.rollback()
            time.sleep(0.01)


def test_a_press_beside_an_uncommitted_first_one_waits_and_joins_its_alert(
    backend_stage: stages.PostgresStage, owner: sa.Engine
) -> None:  # R47
    first, second = examples.press(), examples.press()
    alert = examples.alert()
    with futures.ThreadPoolExecutor(1) as pool, backend_stage.unit_of_work() as uow:
        uow.presses.add(first, source=stages.DEVICE, received_at=NOW)
        uow.alerts.add(alert)
        beside = pool.submit(receive, backend_stage, second)
        wait_for_a_blocked_transaction(owner)
        uow.commit()
        outcome = beside.result()

    assert outcome.alert is not None
    assert (outcome.alert.id, outcome.alert.press_count) == (alert.id, 2)


def test_a_press_beside_a_first_one_that_is_taken_back_raises_its_own_alert(
    backend_stage: stages.PostgresStage, owner: sa.Engine
) -> None:
    alert = examples.alert()
    with futures.ThreadPoolExecutor(1) as pool:
        with backend_stage.unit_of_work() as uow:
            uow.alerts.add(alert)
            beside = pool.submit(receive, backend_stage, examples.press())
            wait_for_a_blocked_transaction(owner)
        outcome = beside.result()

    assert outcome.changes == (emergencies.AlertChange.RAISED,)
    assert outcome.alert is not None
    assert outcome.alert.id != alert.id


def test_a_press_beside_the_resolution_raises_an_alert_of_its_own(
    backend_stage: stages.PostgresStage, owner: sa.Engine
) -> None:
    raised = receive(backend_stage, examples.press()).alert
    assert raised is not None
    with futures.ThreadPoolExecutor(1) as pool, backend_stage.unit_of_work() as uow:
        alert = uow.alerts.get(raised.id, tenant_id=stages.TENANT)
        assert alert is not None
        uow.alerts.save(emergencies.resolve(alert, by="elsa", text="all well", now=NOW))
        beside = pool.submit(receive, backend_stage, examples.press())
        wait_for_a_blocked_transaction(owner)
        uow.commit()
        outcome = beside.result()

    assert outcome.alert is not None
    assert outcome.alert.id != raised.id
    assert outcome.alert.press_count == 1


def test_presses_of_one_fob_at_the_same_instant_give_one_alert_that_counts_them_all(
    backend_stage: stages.PostgresStage, owner: sa.Engine
) -> None:
    count = 5  # as many as the engine has connections
    together = threading.Barrier(count)

    def press_at_once(press: telemetry.Press) -> operations.PressOutcome:
        together.wait()
        return receive(backend_stage, press)

    with futures.ThreadPoolExecutor(count) as pool:
        outcomes = list(pool.map(press_at_once, [examples.press() for _ in range(count)]))

    with owner.begin() as connection:
        alerts = connection.execute(sa.select(tables.alert.c.id, tables.alert.c.press_count)).all()
        attached = connection.execute(sa.select(tables.press.c.alert_id).distinct()).scalars().all()
    assert [alert.press_count for alert in alerts] == [count]
    assert list(attached) == [alerts[0].id]
    assert sum(emergencies.AlertChange.RAISED in outcome.changes for outcome in outcomes) == 1


def test_one_press_delivered_twice_at_the_same_instant_counts_once(
    backend_stage: stages.PostgresStage, owner: sa.Engine
) -> None:
    press = examples.press()
    together = threading.Barrier(2)

    def deliver() -> operations.PressOutcome:
        together.wait()
        return receive(backend_stage, press)

    with futures.ThreadPoolExecutor(2) as pool:
        outcomes = [delivery.result() for delivery in [pool.submit(deliver), pool.submit(deliver)]]

    assert sorted(outcome.duplicate for outcome in outcomes) == [False, True]
    with owner.begin() as connection:
        assert connection.execute(sa.select(tables.alert.c.press_count)).scalars().all() == [1]


def test_one_id_from_two_tenants_is_two_presses(backend_stage: stages.PostgresStage) -> None:
    press = examples.press()
    with backend_stage.unit_of_work() as uow:
        assert uow.presses.add(press, source=stages.DEVICE, received_at=NOW)
        assert uow.presses.add(press, source=stages.OTHER_DEVICE, received_at=NOW)
