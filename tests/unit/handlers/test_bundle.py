"""Templates as packages: small, the same bytes everywhere, and with just the rights that their sink needs."""

from __future__ import annotations

import ast
import io
import os
import re
import zipfile

import pytest

from ddbinsert.core.model.package import Statement
from ddbinsert.core.model.wanted import Template
from ddbinsert.errors import UsageError
from ddbinsert.handlers import bundle
from ddbinsert.handlers.archive import STORED_LIMIT, archive
from ddbinsert.handlers.bundle import NODE, PYTHON, Language, template_files, template_rights

LANGUAGES = [pytest.param(PYTHON, id="python"), pytest.param(NODE, id="node")]
ACCOUNT = "eu-west-1:123456789012"
TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/audit"
KEY = f"arn:aws:kms:{ACCOUNT}:key/1234"
#: Template, sink, and what the role gets for it.
SINKS = [
    ("audit-log", TABLE, ["dynamodb:PutItem"], [TABLE]),
    (
        "audit-log",
        f"arn:aws:logs:{ACCOUNT}:log-group:/audit",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [f"arn:aws:logs:{ACCOUNT}:log-group:/audit:*"],
    ),
    (
        "audit-log",
        f"arn:aws:logs:{ACCOUNT}:log-group:/audit:*",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [f"arn:aws:logs:{ACCOUNT}:log-group:/audit:*"],
    ),
    ("audit-log", "arn:aws:s3:::bucket", ["s3:PutObject"], ["arn:aws:s3:::bucket/*"]),
    ("audit-log", "arn:aws:s3:::bucket/a/b/", ["s3:PutObject"], ["arn:aws:s3:::bucket/a/b/*"]),
    *(
        (template, f"arn:aws:{service}:{ACCOUNT}:{name}", actions, [f"arn:aws:{service}:{ACCOUNT}:{name}"])
        for template, service, name, actions in (
            ("audit-log", "firehose", "deliverystream/f", ["firehose:PutRecordBatch"]),
            ("audit-log", "sqs", "q", ["sqs:GetQueueUrl", "sqs:SendMessage"]),
            ("analytics", "firehose", "deliverystream/f", ["firehose:PutRecordBatch"]),
            ("analytics", "kinesis", "stream/k", ["kinesis:PutRecords"]),
            ("analytics", "events", "event-bus/b", ["events:PutEvents"]),
            ("notify", "sns", "t", ["sns:Publish"]),
            ("notify", "sqs", "q.fifo", ["sqs:GetQueueUrl", "sqs:SendMessage"]),
            ("notify", "events", "event-bus/b", ["events:PutEvents"]),
        )
    ),
]


def environment(template: Template) -> dict[str, str]:
    """The least that the template takes."""
    arns = {
        Template.ANALYTICS: f"arn:aws:kinesis:{ACCOUNT}:stream/k",
        Template.NOTIFY: f"arn:aws:sns:{ACCOUNT}:t",
    }
    return {"SINK_ARN": arns[template]} if template in arns else {}


def test_the_print_handler_carries_nothing_that_it_does_not_need() -> None:
    shared = ["batch", "deadline", "item", "privacy", "receipt", "settings", "tally"]
    for language, entry, ending in ((PYTHON, "handler.py", "py"), (NODE, "index.mjs", "mjs")):
        files = sorted(template_files(Template.PRINT, language))
        assert files == sorted([*(f"ddbinsert_{name}.{ending}" for name in shared), entry])
    for runtime in ("python3.13", "nodejs22.x"):
        assert len(bundle(Template.PRINT, runtime).zip_bytes) < 60_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", list(Template))
def test_a_template_carries_every_file_that_its_files_import(template: Template, language: Language) -> None:
    files = template_files(template, language)
    ending = ".py" if language is PYTHON else ".mjs"
    named = {f"{name}{ending}" for text in files.values() for name in _imported(text.decode())}
    assert named == set(files) - {language.entry}


def _imported(text: str) -> set[str]:
    return set(re.findall(r"(?:^\s*(?:from|import) |\./)(ddbinsert_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("template", list(Template))
def test_the_python_files_are_understood_by_every_python_that_lambda_offers(template: Template) -> None:
    for name, content in template_files(template, PYTHON).items():
        ast.parse(content, filename=name, feature_version=(3, 10))


@pytest.mark.parametrize("runtime", ["python3.10", "python3.13", "nodejs18.x", "nodejs22.x"])
@pytest.mark.parametrize("template", list(Template))
def test_a_package_has_the_same_bytes_every_time(template: Template, runtime: str) -> None:
    one, two = (bundle(template, runtime, environment(template)) for _ in range(2))
    assert one.zip_bytes == two.zip_bytes
    with zipfile.ZipFile(io.BytesIO(one.zip_bytes)) as opened:
        assert {(entry.date_time, entry.external_attr >> 16) for entry in opened.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o100644)
        }
        assert sum(entry.file_size for entry in opened.infolist()) == one.unzipped_size


def test_large_archives_are_compressed_and_as_reproducible() -> None:
    files = {"zeros.bin": bytes(STORED_LIMIT), "noise.bin": os.urandom(1000)}
    assert archive(files) == archive(dict(reversed(files.items())))
    assert len(archive(files)) < STORED_LIMIT / 10


# --- rights ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("template", "sink", "actions", "resources"), SINKS)
def test_the_role_gets_what_the_sink_needs_and_nothing_else(
    template: str, sink: str, actions: list[str], resources: list[str]
) -> None:
    for runtime in ("python3.13", "nodejs22.x"):
        package = bundle(Template(template), runtime, {"SINK_ARN": sink})
        assert package.rights == (Statement(actions=tuple(actions), resources=tuple(resources)),)


def test_every_sink_that_is_declared_has_a_case_above() -> None:
    declared = {
        (template.value, one.service)
        for template in Template
        for one in template_rights(template).allow
        if one.variable == "SINK_ARN"
    }
    assert declared == {(template, sink.split(":")[2]) for template, sink, _, _ in SINKS}


@pytest.mark.parametrize("template", [t for t in Template if t is not Template.PRINT])
def test_a_key_and_a_deduplication_table_bring_their_own_rights(template: Template) -> None:
    more = {"SINK_KEY_ARN": KEY, "DEDUPLICATION_TABLE_ARN": TABLE}
    rights = bundle(template, "python3.13", {**environment(template), **more}).rights
    added = [one for one in rights if one.resources in ((KEY,), (TABLE,))]
    assert [one.actions for one in added] == [
        ("kms:Decrypt", "kms:GenerateDataKey"),
        ("dynamodb:BatchGetItem", "dynamodb:PutItem"),
    ]


def test_print_and_an_audit_log_without_a_sink_need_no_rights() -> None:
    assert bundle(Template.PRINT, "python3.13", {"SINK_ARN": TABLE}).rights == ()
    assert bundle(Template.AUDIT_LOG, "nodejs22.x").rights == ()


def test_no_template_declares_a_wildcard() -> None:
    for template in Template:
        for one in template_rights(template).allow:
            assert not [action for action in one.actions if "*" in action]
            assert all(resource.startswith("${") for resource in one.resources)


@pytest.mark.parametrize(
    ("template", "variables", "code"),
    [
        (Template.ANALYTICS, {}, "variable-missing"),
        (Template.NOTIFY, {"SINK_ARN": ""}, "variable-missing"),
        (Template.NOTIFY, {"SINK_ARN": TABLE}, "variable-wrong"),
        (Template.ANALYTICS, {"SINK_ARN": f"arn:aws:sqs:{ACCOUNT}:q"}, "variable-wrong"),
        (Template.AUDIT_LOG, {"SINK_ARN": "audit"}, "variable-wrong"),
        (Template.AUDIT_LOG, {"SINK_KEY_ARN": TABLE}, "variable-wrong"),
    ],
)
def test_a_sink_that_cannot_work_is_refused_before_anything_is_made(
    template: Template, variables: dict[str, str], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        bundle(template, "python3.13", variables)
    assert caught.value.code == code


def test_what_a_wrong_variable_holds_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        bundle(Template.NOTIFY, "python3.13", {"SINK_ARN": "hunter2"})
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    "runtime", ["java21", "ruby3.3", "dotnet8", "provided.al2023", "python3.9", "python2.7", "nodejs16.x"]
)
def test_a_runtime_without_templates_is_refused(runtime: str) -> None:
    with pytest.raises(UsageError) as caught:
        bundle(Template.PRINT, runtime)
    assert caught.value.code == "no-template-for-runtime"
