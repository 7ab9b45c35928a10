"""Configuration files of every sort, for properties of whole runs: `up` makes them true, and `plan` is empty afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.functional.command import Ran

_DEAD: Final = "arn:aws:sqs:{region}:000000000000:dead"
_BOUNDARY: Final = "arn:aws:iam::000000000000:policy/boundary"
_PATTERNS: Final = (
    {"dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}},
    {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "a"}]}}}},
)


def _given(values: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys, with values."""
    return st.fixed_dictionaries({}, optional=dict(values))


_FUNCTION: Final[dict[str, st.SearchStrategy[Any]]] = {
    "alias": st.sampled_from(["live", "other-one"]),
    "template": st.sampled_from(["print", "audit-log"]),
    "runtime": st.sampled_from(["python3.12", "python3.13"]),
    "architecture": st.just("x86_64"),
    "memory": st.integers(128, 1024),
    "timeout": st.integers(3, 60),
    "ephemeral_storage": st.sampled_from([512, 2048]),
    "environment": st.sampled_from([{}, {"MARK": "a"}, {"MARK": "ü ${x}", "OTHER": ""}]),
    "tracing": st.sampled_from(["Active", "PassThrough"]),
    "log_format": st.sampled_from(["Text", "JSON"]),
    "log_group": st.just("/own/{table}"),
    "log_retention_days": st.sampled_from([None, 1, 30]),
    "dead_letter": st.sampled_from([None, _DEAD]),
    "kms_key": st.none(),
    "vpc": st.sampled_from([None, {"subnets": ["subnet-0b", "subnet-0a"], "security_groups": ["sg-01"]}]),
    "layers": st.just([]),
}
_ROLE: Final[dict[str, st.SearchStrategy[Any]]] = {
    "boundary": st.sampled_from([None, _BOUNDARY]),
    "tags": st.sampled_from([{}, {"access": "streams"}]),
}
_MAPPING: Final[dict[str, st.SearchStrategy[Any]]] = {
    "batch_size": st.integers(1, 500),
    "batching_window": st.integers(1, 5),
    "parallelization": st.integers(1, 10),
    "retries": st.integers(-1, 5),
    "record_age": st.just(-1) | st.integers(60, 604800),
    "bisect": st.booleans(),
    "on_failure": st.sampled_from([None, "create"]),
    "filters": st.lists(st.sampled_from(_PATTERNS), max_size=2),
    "metrics": st.booleans(),
    "enabled": st.just(True),
    "kms_key": st.none(),
}


def configurations() -> st.SearchStrategy[dict[str, Any]]:
    """Configurations of one trigger, with some of the keys; ``{table}`` and ``{region}`` stand for names."""
    return st.fixed_dictionaries(
        {"mapping": _given(_MAPPING).map(lambda given: {"starting_position": "TRIM_HORIZON", **given})},
        optional={
            "function": _given(_FUNCTION),
            "role": _given(_ROLE),
            "tags": st.sampled_from([{}, {"team": "blue"}, {"team": "red", "a:b/c=d+e@f": ""}]),
        },
    )


def runs(number: int) -> settings:
    """Settings of a property whose examples take seconds each: without shrinking."""
    return settings(
        max_examples=number,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def written(configuration: Mapping[str, Any], folder: Path, *, table: str, region: str) -> None:
    """Write ddbinsert.yaml."""
    import yaml

    text = yaml.safe_dump({"table": table, **configuration}, allow_unicode=True, sort_keys=False)
    (folder / "ddbinsert.yaml").write_text(text.replace("{table}", table).replace("{region}", region))


def is_settled(run: Callable[..., Ran], made: Ran) -> None:
    """After `up`, nothing is left to do, and nothing has drifted.

    Raises:
        AssertionError: Something is left.
    """
    assert made.code == 0, made.err
    planned = run("plan", "--exit-code", "-o", "json")
    assert (planned.code, planned.json["data"]["steps"]) == (0, []), planned.out
    drifted = run("drift", "-o", "json")
    assert (drifted.code, drifted.json["data"]["drift"]) == (0, []), drifted.out
