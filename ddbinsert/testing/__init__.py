"""A pytest fixture for projects with DynamoDB triggers: it proves that a trigger processes only inserts.

Every run of pytest in an environment with ddbinsert loads `pytest_plugin`, so it imports only pytest; everything else
is imported when a test uses the fixture. See docs/pytest.md.
"""

from __future__ import annotations
