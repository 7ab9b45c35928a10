"""What pages tell to type and no test runs, with the reason. A test fails on an entry that no page has."""

from __future__ import annotations

#: Programs of others. A line that calls one is not run; it must be a line that bash accepts.
PROGRAMS = {
    "aws": "the AWS CLI is not a dependency; advice with its commands is run by tests/functional/test_advice_as_printed.py",
    "cdk": "needs Node.js packages and a CDK app; tests/functional/check_exports.py synthesizes the export",
    "cosign": "Sigstore's client, and its service, are not here",
    "gpg": "needs the key of somebody",
    "podman": "needs a container engine; .github/workflows/ci.yml builds and runs the image",
    "ssh-keygen": "needs the key of somebody",
    "terraform": "its AWS provider cannot be installed here; tests/functional/check_exports.py formats the export",
}

_ITSELF = "it runs tests, this one among them"
_AWS = "needs an AWS account"
#: Lines that call ddbinsert or its tests.
LINES = {
    ".venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/mypy && .venv/bin/lint-imports": ".ci/run runs them",
    ".ci/run                                      # everything that CI runs: under ten minutes on two processors": _ITSELF,
    "python -m tests.conformance --local": "the nightly run has it",
    "python -m tests.conformance --aws --profile PROFILE --region REGION": _AWS,
    "python -m tests.conformance --local --on rig --compare conformance-answers.json": "needs the file from an AWS account",
    "python -m tests.strict.sabotage                   # every case, then the confusion matrix": "an hour",
    "python -m tests.strict.sabotage filter            # only cases whose name or module contains the word": "minutes",
    "pytest tests/strict/test_sabotage.py -n 2         # one case in sixteen, as in every CI run": _ITSELF,
    "TEST_SABOTAGE=all pytest -n 2 tests/strict/test_sabotage.py": "an hour; .ci/nightly has it",
    "TEST_RIG=aws pytest -n 4 tests/functional    # what .ci/rig does": _ITSELF,
    "ddbinsert attach-trigger arn:aws:dynamodb:us-east-1:111122223333:table/billing --starting-position LATEST "
    "--role-boundary arn:aws:iam::444455556666:policy/boundary": (
        "the embedded emulator has one account; tests/strict/test_two_accounts.py runs the page in two"
    ),
    "ddbinsert ls --all-regions --profile prod --profile staging --output json > streams.json": (
        "the embedded emulator does not have ListRegions; tests/functional/test_ls.py has the profiles"
    ),
}

#: Blocks that are neither typed nor files of the commands, by page and language: the test that reads them.
CHECKED_ELSEWHERE = {
    ("docs/accounts.md", "text"): "tests/strict/test_two_accounts.py",
    ("docs/ci.md", "yaml"): "tests/docs/test_ci_kit.py",
    ("docs/ci.md", "groovy"): "tests/docs/test_ci_kit.py",
    ("docs/filters.md", ""): "tests/docs/test_filters_page.py",
    ("docs/powertools.md", "js"): "tests/docs/test_powertools_page.py",
}
