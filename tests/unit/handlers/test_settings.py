"""Settings are checked before anything is deployed, by the code that will read them."""

from __future__ import annotations

import sys

import pytest

from ddbinsert.core.model.wanted import Template
from ddbinsert.errors import UsageError
from ddbinsert.handlers import check_settings
from ddbinsert.handlers.bundle import PYTHON, template_files
from ddbinsert.handlers.settings import VARIABLES

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:news"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/audit"
RIGHT = {
    Template.PRINT: {"REDACT": "a.b", "RECEIPT_KEYS": "digest"},
    Template.AUDIT_LOG: {"SINK_ARN": TABLE, "USER_ATTRIBUTE": "created_by", "TEST_ITEMS": "skip"},
    Template.ANALYTICS: {
        "SINK_ARN": "arn:aws:events:eu-west-1:123456789012:event-bus/b",
        "EVENT_SOURCE": "shop",
    },
    Template.NOTIFY: {"SINK_ARN": QUEUE, "MESSAGE_TEMPLATE": "{a}", "DEDUPLICATION_TABLE_ARN": TABLE},
}


@pytest.mark.parametrize("template", list(Template))
def test_right_settings_pass_and_leave_no_modules_behind(
    template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    check_settings(template, RIGHT[template])
    check_settings(template, {**RIGHT[template], "LOG_LEVEL": "INFO", "AWS_MAX_ATTEMPTS": "3", "SHOP": "x"})
    assert not [name for name in sys.modules if name.startswith("ddbinsert_")]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("template", list(Template))
def test_the_table_of_variables_names_all_that_the_files_read(template: Template) -> None:
    text = b"".join(template_files(template, PYTHON).values()).decode()
    assert all(f'"{name}"' in text for name in VARIABLES[template] if name != "SINK_KEY_ARN")


@pytest.mark.parametrize(
    ("template", "settings"),
    [
        (Template.AUDIT_LOG, {"SINK_ARN": f"{TABLE}/index/by-user"}),
        (Template.AUDIT_LOG, {"SINK_ARN": f"{TABLE}/stream/2026-01-01T00:00:00.000"}),
        (Template.AUDIT_LOG, {"SINK_ARN": f"{TABLE}/backup/01"}),
        (Template.AUDIT_LOG, {"SINK_ARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/*"}),
        (Template.AUDIT_LOG, {"SINK_ARN": "arn:aws:s3:eu-west-1:123456789012:accesspoint/a"}),
        (Template.AUDIT_LOG, {"SINK_ARN": "arn:aws:s3:::*"}),
        (Template.AUDIT_LOG, {"SINK_ARN": "arn:aws:s3:::bucket/a*"}),
        (Template.AUDIT_LOG, {"SINK_ARN": "arn:aws:logs:eu-west-1:123456789012:log-group:/a:log-stream:b"}),
        (Template.ANALYTICS, {"SINK_ARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/a/consumer/b:1"}),
        (Template.NOTIFY, {"SINK_ARN": "arn:aws:sns:eu-west-1:123456789012:t:0f4b"}),
        (Template.NOTIFY, {"SINK_ARN": "arn:aws:sqs:eu-west-1:123456789012:q*"}),
        (Template.PRINT, {"PARTIAL_BATCH_RESPONSE": "no"}),
        (Template.PRINT, {"REDACT": "$.card"}),
        (Template.NOTIFY, {"SINK_ARN": QUEUE, "MESSAGE_TEMPLATE": "{"}),
    ],
)
def test_what_would_stop_the_function_is_refused(template: Template, settings: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        check_settings(template, settings)
    assert caught.value.code == "variable-wrong"
    assert next(iter(reversed(settings))) in caught.value.message


@pytest.mark.parametrize(
    ("template", "name", "meant"),
    [
        (Template.PRINT, "REDCAT", "REDACT"),
        (Template.NOTIFY, "SINK_ARNS", "SINK_ARN"),
        (Template.NOTIFY, "redact", "REDACT"),
        (Template.NOTIFY, "MESSAGE_TEMPLATES", "MESSAGE_TEMPLATE"),
        (Template.AUDIT_LOG, "USER-ATTRIBUTE", "USER_ATTRIBUTE"),
        (Template.PRINT, "PARTIAL_BATCH_RESPONSES", "PARTIAL_BATCH_RESPONSE"),
        (Template.AUDIT_LOG, "DEDUPLICATION_TABLE", "DEDUPLICATION_TABLE_ARN"),
    ],
)
def test_a_name_that_looks_misspelt_is_refused(template: Template, name: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_settings(template, {**RIGHT[template], name: "x"})
    assert caught.value.code == "variable-misspelt"
    assert meant in str(caught.value.hint)
