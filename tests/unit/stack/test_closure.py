import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack import closure, errors

# package → its files as (path, what they need); the file's name is the library's.
Packages = dict[str, list[tuple[str, tuple[str, ...]]]]


def solve(
    packages: Packages, depends: dict[str, list[str]], roots: list[str], extra: tuple[str, ...] = ()
) -> closure.Closure:
    fetched: list[str] = []

    def unpack(names: set[str]) -> dict[str, list[closure.Binary]]:
        assert not names & set(fetched), "no package is fetched twice"
        fetched.extend(names)
        return {name: [binary(path, needed) for path, needed in packages[name]] for name in names}

    def wants(package: str, found: closure.Binary) -> bool:
        return not found.path.endswith("unwanted.so")

    return closure.complete(roots, wants=wants, extra=extra, unpack=unpack, depends=lambda name: depends.get(name, []))


def binary(path: str, needed: tuple[str, ...]) -> closure.Binary:
    return closure.Binary(path=path, names=frozenset({path.rpartition("/")[2]}), needed=needed)


def test_libraries_are_followed_through_packages() -> None:
    found = solve(
        {
            "server": [("bin/server", ("libone.so.1",))],
            "libone1": [("lib/libone.so.1", ("libtwo.so.2",))],
            "libtwo2": [("lib/libtwo.so.2", ())],
        },
        {"server": ["libone1", "adduser"], "libone1": ["libtwo2"]},
        ["server"],
    )
    assert found.packages == {"server", "libone1", "libtwo2"}
    assert found.library_folders == ("lib",)


def test_what_only_an_unwanted_file_needs_is_not_fetched() -> None:
    found = solve(
        {
            "server": [("bin/server", ()), ("lib/unwanted.so", ("libhuge.so.9",))],
            "libhuge9": [("lib/libhuge.so.9", ())],
        },
        {"server": ["libhuge9"]},
        ["server"],
    )
    assert found.packages == {"server"}


def test_an_unused_library_of_a_fetched_package_draws_nothing_in() -> None:
    found = solve(
        {
            "server": [("bin/server", ("libone.so.1",))],
            "libone1": [("lib/libone.so.1", ()), ("lib/libextra.so.1", ("libhuge.so.9",))],
            "libhuge9": [("lib/libhuge.so.9", ())],
        },
        {"server": ["libone1"], "libone1": ["libhuge9"]},
        ["server"],
    )
    assert found.packages == {"server", "libone1"}


def test_a_library_in_a_package_named_otherwise_is_found_by_likeness_and_by_looking() -> None:
    found = solve(
        {
            "server": [("bin/server", ("libz.so.1", "liblber.so.2"))],
            "zlib1g": [("lib/libz.so.1", ())],
            "libldap2": [("lib/liblber.so.2", ())],
            "libllvm19": [("lib/libLLVM.so.19", ())],
        },
        {"server": ["libllvm19", "libldap2", "zlib1g"]},
        ["server"],
    )
    assert {"zlib1g", "libldap2"} <= found.packages


def test_data_packages_come_along() -> None:
    found = solve({"server": [], "zones": []}, {}, ["server"], extra=("zones",))
    assert found.packages == {"server", "zones"}


def test_two_libraries_that_need_each_other_end_the_walk() -> None:
    found = solve(
        {
            "server": [("bin/server", ("libone.so.1",))],
            "libone1": [("lib/libone.so.1", ("libtwo.so.2",))],
            "libtwo2": [("lib/libtwo.so.2", ("libone.so.1",))],
        },
        {"server": ["libone1"], "libone1": ["libtwo2"], "libtwo2": ["libone1"]},
        ["server"],
    )
    assert found.packages == {"server", "libone1", "libtwo2"}


def test_a_library_that_nobody_has_is_named_with_who_needs_it() -> None:
    with pytest.raises(errors.EngineUnavailableError, match=r"libgone\.so\.4 \(needed by server\)"):
        solve({"server": [("bin/server", ("libgone.so.4",))]}, {"server": []}, ["server"])


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libssl.so.3", "libssl3t64"),
        ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
        ("libstdc++.so.6", "libstdc++6"),
        ("libpcre2-8.so.0", "libpcre2-8-0"),
        ("libgeos.so.3.13.1", "libgeos3.13.1"),
    ],
)
def test_debians_naming_rule_is_known(library: str, package: str) -> None:
    assert closure.fits(library, package)
    assert closure.likeness(library, package) == 1.0


@pytest.mark.parametrize(
    ("library", "package"), [("libssl.so.3", "libssl1.1"), ("libz.so.1", "zlib1g"), ("libm.so.6", "libc6")]
)
def test_another_name_is_no_sure_hit(library: str, package: str) -> None:
    assert not closure.fits(library, package)
    assert closure.likeness(library, package) < 1.0


@given(st.lists(st.integers(0, 11), max_size=30), st.integers(1, 12))
def test_any_graph_of_libraries_is_walked_to_its_end(links: list[int], count: int) -> None:
    needs = {n: tuple(sorted({links[i] % count for i in range(n, len(links), count)})) for n in range(count)}
    packages: Packages = {
        f"lib{'x' * n}1": [(f"lib/lib{'x' * n}.so.1", tuple(f"lib{'x' * m}.so.1" for m in needs[n]))]
        for n in range(count)
    }
    depends = {f"lib{'x' * n}1": [f"lib{'x' * m}1" for m in needs[n]] for n in range(count)}
    packages["server"] = [("bin/server", ("lib.so.1",))]

    found = solve(packages, depends | {"server": ["lib1"]}, ["server"])

    reached, waiting = set(), [0]
    while waiting:
        n = waiting.pop()
        if n not in reached:
            reached.add(n)
            waiting += needs[n]
    assert found.packages == {"server", *(f"lib{'x' * n}1" for n in reached)}
