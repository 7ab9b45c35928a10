"""The pytest plugin: the fixture ``insert_only_trigger`` and its options (entry point ``pytest11``).

It imports only pytest, so that runs that do not use the fixture are not slowed down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.testing.target import PluginTarget
    from ddbinsert.testing.trigger import InsertOnlyTrigger


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ddbinsert", "proofs of DynamoDB triggers")
    group.addoption(
        "--ddbinsert-target",
        metavar="local|aws|URL",
        help="Where insert_only_trigger verifies: the embedded emulator, AWS (test items are written there), or an endpoint.",
    )
    group.addoption("--ddbinsert-profile", metavar="NAME", help="AWS profile of insert_only_trigger.")
    group.addoption("--ddbinsert-region", metavar="NAME", help="AWS region of insert_only_trigger.")
    parser.addini("ddbinsert_target", "The default of --ddbinsert-target.", default="local")
    parser.addini(
        "ddbinsert_inconclusive",
        "Outcome of a test whose proof is inconclusive: fail or skip.",
        default="fail",
    )
    parser.addini("ddbinsert_retries", "Number of retries of an inconclusive proof.", default="1")


@pytest.fixture(scope="session")
def ddbinsert_target(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PluginTarget]:
    """The target of this run's proofs; one emulator for each test process."""
    from ddbinsert.errors import DdbInsertError
    from ddbinsert.testing.target import opened
    from ddbinsert.testing.trigger import CannotProveError

    wanted = pytestconfig.getoption("--ddbinsert-target") or pytestconfig.getini("ddbinsert_target")
    profile = pytestconfig.getoption("--ddbinsert-profile")
    region = pytestconfig.getoption("--ddbinsert-region")
    folder = tmp_path_factory.mktemp("ddbinsert")
    try:
        with opened(str(wanted), profile=profile, region=region, folder=folder) as target:
            yield target
    except DdbInsertError as error:
        raise CannotProveError(error) from None


@pytest.fixture
def insert_only_trigger(pytestconfig: pytest.Config, ddbinsert_target: PluginTarget) -> InsertOnlyTrigger:
    """Asserts that a trigger processes every insert and nothing else: ``insert_only_trigger("orders")``."""
    from ddbinsert.testing.trigger import InsertOnlyTrigger, policy_of

    return InsertOnlyTrigger(
        ddbinsert_target,
        base=pytestconfig.rootpath,
        inconclusive=policy_of(pytestconfig.getini("ddbinsert_inconclusive")),
        retries=str(pytestconfig.getini("ddbinsert_retries")),
    )
