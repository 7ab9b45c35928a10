"""audit verify where AWS shows less than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.functional.command import ran
from tests.strict.bench import fresh
from tests.strict.rig import Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench


def hidden(answer: dict[str, Any]) -> dict[str, Any]:
    """Mappings whose filters are encrypted with a key that the caller may not use."""
    for mapping in answer["EventSourceMappings"]:
        mapping.pop("FilterCriteria", None)
        mapping["KMSKeyArn"] = "arn:aws:kms:eu-west-1:000000000000:key/k"
    return answer


def test_an_insert_that_a_hidden_filter_may_exclude_is_not_called_missing(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(Profile())
    table, audit = bench.table(view="NEW_IMAGE"), fresh("audit")
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }

    def run(*arguments: str) -> Any:
        return ran(*arguments, "-o", "json", variables=variables, cwd=tmp_path)

    assert run("audit", "create-table", audit).code == 0
    attached = run(
        *(
            "attach-trigger",
            table,
            "--template",
            "audit-log",
            "--sink",
            audit,
            "--where",
            'NewImage.kind = "a"',
        )
    )
    assert attached.code == 0, attached
    bench.put(table, "k1", kind="b")
    excluded = run("audit", "verify", table, "--settle", "0s")
    assert (excluded.code, excluded.data["excluded"], excluded.data["compared"]) == (0, 1, 0)
    bench.rig.amend("lambda:ListEventSourceMappings", hidden)
    unknown = run("audit", "verify", table, "--settle", "0s")
    assert unknown.code == 6, unknown
    assert (unknown.data["missing"], unknown.data["inconclusive"][0]["count"]) == (0, 1)
    assert "can't be read" in unknown.data["inconclusive"][0]["why"]
