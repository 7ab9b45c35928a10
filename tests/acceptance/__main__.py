"""The product tour on an endpoint; writes one file to send to the developers.

    python -m tests.acceptance --local                 the rig in front of the embedded emulator
    python -m tests.acceptance --endpoint URL          another endpoint
    python -m tests.acceptance --aws --profile P       AWS; says what it makes and costs, and asks

Exit codes: 0 as expected, 1 a step ended otherwise, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore

from ddbinsert import __version__
from tests.acceptance import others
from tests.acceptance.tour import TOUR, Step
from tests.conformance.places import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PREFIX = "ddbinsert-acceptance"
_LAST = 3  # the steps that remove everything: they are run whatever happened before
_TEXT = 6000
_ANNOUNCED = """\
On {where}, this makes table {table} and its audit table, two temporary functions and one function with their roles and log
groups, a queue and an event source mapping, runs about 30 commands on them, and removes all of it. It takes about half an
hour. On AWS this costs less than 0.05 USD. Nothing that is there already is touched.
"""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _place(given: argparse.Namespace) -> Iterator[tuple[dict[str, str], Callable[[str], Any]]]:
    """The environment of the commands, and clients for what others do."""
    variables = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/")}
    if given.local:
        with place_of("rig") as place:
            variables |= {
                "AWS_ACCESS_KEY_ID": str(place.keys[0]),
                "AWS_SECRET_ACCESS_KEY": str(place.keys[1]),
                "AWS_REGION": str(place.region),
                "AWS_ENDPOINT_URL": str(place.endpoint),
            }
            yield variables, place.client
        return
    variables |= {
        name: value for name, value in os.environ.items() if name.startswith(("AWS_", "HTTPS_", "NO_PROXY"))
    }
    for name, value in (
        ("PROFILE", given.profile),
        ("REGION", given.region),
        ("ENDPOINT_URL", given.endpoint),
    ):
        if value:
            variables[f"AWS_{name}"] = value
    session = boto3.Session(profile_name=given.profile, region_name=given.region)
    yield variables, lambda service: session.client(service, endpoint_url=given.endpoint)  # type: ignore[call-overload]


def _redacted(text: str) -> str:
    """Without account ids, access keys and the names of users."""
    text = re.sub(r"\b\d{12}\b", "ACCOUNT", text)
    text = re.sub(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b", "KEY", text)
    text = re.sub(r"(:user/)[\w+=,.@/-]+", r"\1USER", text)
    return re.sub(r"(assumed-role/[^/\s]+/)[\w+=,.@-]+", r"\1SESSION", text)[-_TEXT:]


def _agreed() -> bool:
    if not sys.stdin.isatty():
        say("There is nobody to ask: add --yes to agree.")
        return False
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def _ran(
    step: Step, names: Mapping[str, str], variables: dict[str, str], client: Callable[[str], Any]
) -> dict[str, Any]:
    """The result of one step, as the file holds it."""
    words = [_filled(word, names) for word in step.words]
    began = time.monotonic()
    if step.past:
        try:
            getattr(others, step.past)(client, names["table"])
            problem = ""
        except Exception as error:  # noqa: BLE001 - the tour goes on, and the file says so
            problem = f"{type(error).__name__}: {error}"
        done = {"others": step.past, "problem": _redacted(problem), "right": not problem}
    else:
        run = subprocess.run(
            [sys.executable, "-m", "ddbinsert", *words],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        missing = [text for text in step.shows if text not in run.stdout + run.stderr]
        right = run.returncode in step.codes and not missing and "Traceback" not in run.stderr
        done = {
            "command": _redacted(" ".join(words)),
            "exit_code": run.returncode,
            "expected": list(step.codes),
            "missing": missing,
            "right": right,
            "out": _redacted(run.stdout),
            "err": _redacted(run.stderr),
        }
    return {**done, "seconds": round(time.monotonic() - began, 1)}


def _filled(word: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        word = word.replace("{" + name + "}", value)
    return word


def _toured(
    given: argparse.Namespace, variables: dict[str, str], client: Callable[[str], Any]
) -> list[dict[str, Any]]:
    table = f"{PREFIX}-{secrets.token_hex(3)}"
    where = "AWS" if given.aws else variables.get("AWS_ENDPOINT_URL", "AWS")
    say(_ANNOUNCED.format(where=where, table=table))
    if given.aws and not given.yes and not _agreed():
        return []
    identity = client("sts").get_caller_identity()
    region = client("dynamodb").meta.region_name
    partition = identity["Arn"].split(":")[1]
    sink = f"arn:{partition}:dynamodb:{region}:{identity['Account']}:table/{table}-audit"
    names = {"table": table, "audit": f"{table}-audit", "function": f"{table}-inserts", "sink": sink}
    results: list[dict[str, Any]] = []
    try:
        results.extend(_told(_ran(step, names, variables, client)) for step in TOUR[:-_LAST])
    finally:
        results += [_told(_ran(step, names, variables, client)) for step in TOUR[-_LAST:]]
    return results


def _told(result: dict[str, Any]) -> dict[str, Any]:
    mark = "ok   " if result["right"] else "WRONG"
    what = result.get("command") or f"(somebody else: {result['others'].replace('_', ' ')})"
    say(
        f"{mark} {result['seconds']:6.1f} s  {what}"
        + ("" if "exit_code" not in result else f"  -> {result['exit_code']}")
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance", description=__doc__.split("\n", 1)[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--local", action="store_true", help="the rig in front of the embedded emulator")
    where.add_argument("--endpoint", metavar="URL", help="another endpoint")
    where.add_argument("--aws", action="store_true", help="AWS")
    parser.add_argument("--profile", help="AWS profile")
    parser.add_argument("--region", help="AWS region")
    parser.add_argument("--report", metavar="FILE", default="acceptance.json", help="file of results")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args(arguments)
    try:
        with _place(given) as (variables, client):
            results = _toured(given, variables, client)
    except KeyboardInterrupt:
        return 130
    if not results:
        say("Nothing was made.")
        return 2
    document = {
        "schema": "ddbinsert-acceptance/1",
        "version": __version__,
        "python": platform.python_version(),
        "botocore": botocore.__version__,
        "place": "aws" if given.aws else "local" if given.local else "endpoint",
        "steps": results,
    }
    Path(given.report).write_text(json.dumps(document, indent=1), encoding="utf-8")
    wrong = sum(not one["right"] for one in results)
    say(f"{len(results)} steps, {wrong} wrong; wrote {given.report}")
    return min(1, wrong)


if __name__ == "__main__":
    raise SystemExit(main())
