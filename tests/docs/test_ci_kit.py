"""The GitHub Action, the GitLab components and docs/ci.md: their structure, and their scripts as a runner runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command_lines import parse, shown_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
COMPONENTS = sorted((ROOT / "templates").glob("*.yml"))
BLOCKS: list[Any] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
TEMPLATE = """Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: LATEST
            FilterCriteria: {Filters: [{Pattern: '{"eventName":[%s]}'}]}
"""


def component(path: Path, /, **inputs: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """A component's inputs, and its job as GitLab sees it with these values."""
    spec, job = path.read_text(encoding="utf-8").split("\n---\n")
    declared: dict[str, Any] = yaml.safe_load(spec)["spec"]["inputs"]
    values = {name: (one or {}).get("default") for name, one in declared.items()} | inputs

    def value(found: re.Match[str]) -> str:
        given = values[found[1]]
        assert given is not None, f"{found[1]} has no value"
        return str(given).lower() if isinstance(given, bool) else str(given)

    document = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", value, job))
    ((name, found),) = document.items()
    assert name == values["job-name"]
    return declared, found


# --- the action -------------------------------------------------------------------------------------------


def step_of(name: str) -> Any:
    (found,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == name]
    return found


def test_inputs_reach_scripts_as_variables_only_and_each_is_used() -> None:
    steps = ACTION["runs"]["steps"]
    assert not [step for step in steps if "${{" in step.get("run", "")]
    assert all(step["shell"] == "bash" for step in steps if "run" in step)
    used = set(re.findall(r"inputs\.([a-z-]+)", yaml.dump(ACTION["runs"]) + yaml.dump(ACTION["outputs"])))
    assert used == set(ACTION["inputs"])


def test_the_page_lists_the_inputs_with_their_defaults() -> None:
    table = PAGE.split("<!-- inputs -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:`([^`]*)`)? *\|", table, re.MULTILINE)
    assert dict(rows) == {name: one["default"] for name, one in ACTION["inputs"].items()}


def run(step: str, folder: Path, environ: dict[str, str], **inputs: str) -> tuple[int, dict[str, str], str]:
    """Run a step as GitHub's runner does: its exit code, its outputs, and what it printed."""
    programs = folder / "temp" / "ddbinsert" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    program = programs / "ddbinsert"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ddbinsert "$@"\n')
    program.chmod(0o755)
    values = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
    found = step_of(step)
    given = {
        name: values[re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)[1]]  # type: ignore[index]
        for name, value in found["env"].items()
    }
    outputs = folder / "outputs"
    outputs.unlink(missing_ok=True)
    runner = {"GITHUB_OUTPUT": str(outputs), "RUNNER_TEMP": str(folder / "temp"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],  # noqa: S607 - as the runner does
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ, **runner, **given},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = outputs.read_text().splitlines() if outputs.exists() else []
    return done.returncode, dict(line.split("=", 1) for line in lines), done.stdout + done.stderr


def test_the_lint_step_annotates_and_fails_where_a_filter_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE % '"insert"')
    code, outputs, printed = run("lint", tmp_path, {}, arguments="--fail-on\nwarning\n\n")
    assert (code, outputs) == (1, {"exit-code": "1", "result": "FAIL"})
    assert "::error file=template.yaml,line=11" in printed
    assert "sarif" in (tmp_path / "ddbinsert-reports" / "filters.sarif").read_text()
    (tmp_path / "template.yaml").write_text(TEMPLATE % '"INSERT"')
    assert run("lint", tmp_path, {}, **{"require-insert-only": "true"})[:2] == (
        0,
        {"exit-code": "0", "result": "PASS"},
    )


def test_an_argument_is_never_read_as_shell(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    code, _, printed = run("lint", tmp_path, {}, path=f"$(touch {marker})", arguments=f"; touch {marker}")
    assert code == 2, printed
    assert not marker.exists()


def test_the_verify_step_says_how_a_run_ended_that_could_not_begin(tmp_path: Path) -> None:
    away = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
    }
    code, outputs, printed = run("verify", tmp_path, away, table="orders", arguments="--timeout\n1s")
    assert code in (4, 6)
    assert outputs == {"exit-code": str(code), "result": "INCONCLUSIVE" if code == 6 else "NONE"}
    assert "::error title=ddbinsert%3A no verdict for orders" in printed
    reports = tmp_path / "ddbinsert-reports"
    assert {one.name for one in reports.iterdir()} == {"verdict.html", "verdict.xml", "evidence.zip"}


# --- the components ---------------------------------------------------------------------------------------

REQUIRED = {"table": "orders", "ref": "v0.1.0", "repository": "https://github.com/OWNER/ddbinsert"}


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_a_component_is_a_job_whose_commands_exist(path: Path) -> None:
    declared, job = component(path, **REQUIRED)
    assert {"stage", "image", "script", "before_script", "artifacts"} <= job.keys()
    assert job["artifacts"]["when"] == "always"
    commands = [parse(words) for line in job["script"] for words in shown_in(line)]
    assert set(commands) == {path.stem.replace("lint", "filter lint")}
    assert all("description" in one or "default" in one for one in declared.values())
    # Variables that begin with DDBINSERT_ would be settings of ddbinsert's own.
    assert {name for name in job["variables"] if name.startswith("DDBINSERT_")} <= {"DDBINSERT_TABLE"}


def run_job(path: Path, folder: Path, /, **inputs: object) -> int:
    """Run a component's script as GitLab's runner does."""
    _, job = component(path, **{**REQUIRED, **inputs})
    program = folder / "ddbinsert"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ddbinsert "$@"\n')
    program.chmod(0o755)
    variables = {name: str(value) for name, value in job["variables"].items()}
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(job["script"])],  # noqa: S607
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            **variables,
        },
        cwd=folder,
        check=False,
        capture_output=True,
    ).returncode


def test_the_lint_job_fails_with_the_linters_code_and_leaves_its_report(tmp_path: Path) -> None:
    (lint,) = [path for path in COMPONENTS if path.stem == "lint"]
    (tmp_path / "template.yaml").write_text(TEMPLATE % '"MODIFY"')
    more: dict[str, object] = {"require-insert-only": True, "path": "template.yaml"}
    assert run_job(lint, tmp_path, **more) == 1
    assert "<testsuite" in (tmp_path / "ddbinsert-filters.xml").read_text()
    assert run_job(lint, tmp_path, path="template.yaml") == 0


@pytest.mark.parametrize(("inconclusive", "code"), [("fail", 6), ("warn", 86)])
def test_the_verify_job_marks_an_inconclusive_run(inconclusive: str, code: int, tmp_path: Path) -> None:
    (verify,) = [path for path in COMPONENTS if path.stem == "verify"]
    _, job = component(verify, **REQUIRED, inconclusive=inconclusive)
    script = "\n".join(job["script"])
    program = tmp_path / "ddbinsert"
    program.write_text("#!/bin/sh\nexit 6\n")
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **job["variables"]}
    done = subprocess.run(["sh", "-e", "-c", script], env=environ, cwd=tmp_path, check=False)  # noqa: S607
    assert done.returncode == code
    assert job["allow_failure"] == {"exit_codes": [86]}


# --- the page ---------------------------------------------------------------------------------------------


def test_every_example_is_yaml_and_names_inputs_that_exist() -> None:
    github, gitlab, plain, hooks = BLOCKS
    used = [
        step["with"]
        for job in github["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("OWNER/ddbinsert@")
    ]
    assert len(used) == 2
    assert all(set(one) <= set(ACTION["inputs"]) for one in used)
    for include in gitlab["include"]:
        name = re.fullmatch(r"\$CI_SERVER_FQDN/OWNER/ddbinsert/([a-z]+)@v[\d.]+", include["component"])
        assert name is not None
        declared, _ = component(ROOT / "templates" / f"{name[1]}.yml", **{**REQUIRED, **include["inputs"]})
        assert set(include["inputs"]) <= set(declared)
        assert {one for one, spec in declared.items() if "default" not in (spec or {})} <= set(
            include["inputs"]
        )
    assert [parse(words) for line in plain["verify"]["script"] for words in shown_in(line)] == ["verify"]
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hooks["repos"][0]["hooks"][0]["id"] == hook["id"]


def test_every_step_that_keeps_a_report_of_a_red_run_says_always() -> None:
    steps = [step for job in BLOCKS[0]["jobs"].values() for step in job["steps"]]
    keeps = [step for step in steps if "upload" in step.get("uses", "")]
    assert len(keeps) == 2
    assert all(step["if"] == "always()" for step in keeps)
