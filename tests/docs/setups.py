"""What pages assume to be there: commands that a test runs before a page, or before one of its blocks."""

from __future__ import annotations

#: Programs that tests.docs.reader runs: ddbinsert, Python, and what a shell and every system have.
RUN = frozenset(
    {
        *("ddbinsert", ".venv/bin/ddbinsert", "python", "python3", ".venv/bin/pip", ".venv/bin/python"),
        *(
            ".venv/bin/pytest",
            "pytest",
            "cat",
            "cd",
            "eval",
            "export",
            "grep",
            "mkdir",
            "mv",
            "sed",
            "source",
            "wait",
        ),
    }
)

_START = "ddbinsert local start -q\n"
_TABLE = _START + "ddbinsert enable-stream orders --create-table pk:S -q\n"
_TRIGGER = _TABLE + "ddbinsert attach-trigger orders -q\n"
_SEND = "ddbinsert send orders --count 3 --keep -q\n"
_RECORDS = """cat > event.json <<'END'
{"Records": [
  {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": "ORDER#1"}}}},
  {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "ORDER#2"}}}}
]}
END
"""
_RECORD = """cat > record.json <<'END'
{"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": "ORDER#1"}}}}
END
"""


def _template(pattern: str, *, view: str = "NEW_IMAGE") -> str:
    return f"""cat > template.yaml <<'END'
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
      StreamSpecification: {{StreamViewType: {view}}}
  Failures:
    Type: AWS::SQS::Queue
  OrdersFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders-inserts
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 50
            FilterCriteria:
              Filters:
                - Pattern: '{pattern}'
            DestinationConfig: {{OnFailure: {{Destination: !GetAtt Failures.Arn}}}}
END
"""


def _emulated(script: str) -> str:
    """A script that talks to the embedded emulator as any AWS tool."""
    return f'(eval "$(ddbinsert local env)" && {script})\n'


def _scene(*names: str) -> str:
    """What ``tests.docs.scene`` makes."""
    return _emulated(f"python -m tests.docs.scene {' '.join(names)}")


#: Exit codes of the examples of generated pages, which have no marks: the stream here is younger than six hours.
EXITS = {
    ("docs/commands.md", 'ddbinsert filter lint \'{"eventName":["insert"]}\''): 1,
    ("docs/commands.md", "ddbinsert gaps orders --since 6h"): 6,
    ("docs/commands.md", "ddbinsert local status"): 1,  # after `local stop`
    ("docs/commands.md", "ddbinsert audit verify orders --since 6h"): 6,
    ("docs/commands.md", "ddbinsert failures show orders --id 5f2d1c0a9b8e"): 5,  # nothing failed
}

#: By page, and by the first line of a block (the empty text: before the page).
BEFORE: dict[str, dict[str, str]] = {
    "README.md": {
        "$ ddbinsert attach-trigger orders && ddbinsert verify orders": "export DDBINSERT_LOCAL=true\n"
        + _TABLE,
    },
    "docs/accounts.md": {"": _TABLE},
    "docs/commands.md": {
        "": _TABLE + "ddbinsert enable-stream billing --create-table pk:S -q\n",
        "ddbinsert create-function orders --template print --runtime nodejs22.x": (
            "rm ddbinsert.yaml\nddbinsert down orders --yes -q\n"
        ),
        "ddbinsert verify orders": "ddbinsert attach-trigger orders --starting-position TRIM_HORIZON -q\n",
        "ddbinsert evidence check orders.zip": "ddbinsert verify orders --bundle orders.zip -q\n",
        "ddbinsert failures list orders": "ddbinsert attach-trigger orders --on-failure create --yes -q\n",
        'ddbinsert filter test \'{"eventName":["INSERT"]}\' --record event.json': (
            "ddbinsert function sample-event orders --count 2 > event.json\n"
        ),
        "ddbinsert adopt orders --function billing --write": _scene("others"),
        "ddbinsert audit query orders --user ann --since 2h": (
            "rm -f ddbinsert.yaml\nddbinsert audit create-table orders-log -q\n"
            "ddbinsert attach-trigger orders --template audit-log --sink orders-log --runtime python3.13 --yes -q\n"
        ),
        "ddbinsert config check --config staging.yaml": "echo 'table: orders' > staging.yaml\n",
    },
    "docs/configuration.md": {
        "": "mkdir -p src/billing\necho 'def handler(event, context): pass' > src/billing/handler.py\n"
    },
    "docs/evidence.md": {"": _TRIGGER},
    "docs/export.md": {"": _TRIGGER},
    "docs/filters.md": {"": _RECORDS + _RECORD},
    "docs/gaps.md": {
        "": _START
        + _scene("dated-table")
        + "ddbinsert audit create-table orders-audit -q\n"
        + "ddbinsert attach-trigger orders --template audit-log --sink orders-audit -q\n"
        + _scene("dated-items", "export"),
    },
    "docs/handlers.md": {
        "": _TABLE,
        "ddbinsert audit query orders --user ann --since 2h": _SEND,
        "ddbinsert invoke orders --template print --count 3": "ddbinsert function scaffold print audit -q\n",
    },
    "docs/inspect.md": {
        "": _TRIGGER + _SEND,
        "ddbinsert ls": "ddbinsert ls --output json > streams.json\n",
        "$ ddbinsert doctor orders": "ddbinsert attach-trigger orders --disabled --yes -q\n" + _SEND,
    },
    "docs/lifecycle.md": {
        "$ ddbinsert init orders billing": (
            _TABLE
            + "ddbinsert attach-trigger orders --on-failure create -q\n"
            + "ddbinsert enable-stream billing --create-table pk:S -q\n"
        ),
        "$ ddbinsert drift orders": _scene("changes"),
        "$ ddbinsert drift orders --against template.yaml": (
            "ddbinsert up orders --yes -q\n"
            + _template('{"eventName":["INSERT"]}', view="NEW_AND_OLD_IMAGES")
        ),
    },
    "docs/lint-in-ci.md": {"": _template('{"eventName":["insert"]}')},
    "docs/powertools.md": {"": _TABLE},
    "docs/reports.md": {"": _TRIGGER},
    "docs/verify.md": {
        "": _TRIGGER,
        "ddbinsert verify orders --failure-path": (
            "ddbinsert attach-trigger orders --on-failure create --yes -q\n"
        ),
    },
}
