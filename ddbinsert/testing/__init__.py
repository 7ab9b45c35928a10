"""For the tests of projects that use DynamoDB triggers: a pytest fixture that proves "only inserts".

`pytest_plugin` is loaded by every run of pytest in an environment where ddbinsert is installed, so it imports nothing
but pytest; everything else is imported when a test uses the fixture. See docs/pytest.md.
"""

from __future__ import annotations
