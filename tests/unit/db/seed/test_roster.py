from db.seed import roster


def _by_device(units: tuple[roster.Unit, ...]) -> dict[str, roster.Unit]:
    return {f"{unit.tenant}/{unit.device}": unit for unit in units}


def test_a_larger_fleet_contains_the_smaller_one() -> None:
    small, large = roster.enlist(units=40, gateways=3), roster.enlist(units=4000, gateways=3)

    assert large[:40] == small


def test_with_more_vans_everybody_else_stays_who_they_are() -> None:
    without, with_vans = (
        _by_device(roster.enlist(units=40, gateways=0)),
        _by_device(roster.enlist(units=40, gateways=5)),
    )

    for device in without.keys() & with_vans.keys():
        assert without[device] == with_vans[device]
    assert len(without.keys() & with_vans.keys()) == 35


def test_no_device_fob_or_number_occurs_twice() -> None:
    units = roster.enlist(units=2000, gateways=3)

    assert len({(unit.tenant, unit.device) for unit in units}) == 2000
    assert len({(unit.tenant, unit.fob) for unit in units}) == 2000
    assert len({unit.number for unit in units}) == 2000


def test_gateways_are_vans_of_the_demo_company() -> None:
    vans = [unit for unit in roster.enlist(units=50, gateways=3) if unit.kind is roster.Kind.GATEWAY_VAN]

    assert [(unit.tenant, unit.device) for unit in vans] == [("demo", "van-01"), ("demo", "van-02"), ("demo", "van-03")]


def test_both_companies_have_vehicles_and_guards() -> None:
    kinds = {(unit.tenant, unit.kind) for unit in roster.enlist(units=50, gateways=3)}

    assert {
        (tenant, kind) for tenant in ("demo", "kaleva") for kind in (roster.Kind.VEHICLE, roster.Kind.GUARD)
    } <= kinds


def test_there_are_no_more_gateways_than_units() -> None:
    assert len(roster.enlist(units=2, gateways=3)) == 2
