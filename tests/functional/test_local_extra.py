"""Where the extra `local` isn't installed, --local says what to type; nothing else needs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ddbinsert.local.extra import install_command
from tests.functional.command import ran_apart

Variables = dict[str, str]

#: Makes a package look as if it were not installed, as it does for somebody without the extra.
_WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Without())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.partition(".")[0] in {names} else real(name, package)
"""


def without(*names: str) -> str:
    return _WITHOUT.format(names=set(names))


@pytest.mark.parametrize("missing", ["ministack", "hypercorn"])
@pytest.mark.parametrize(
    "command",
    [("local", "start"), ("attach-trigger", "orders", "--local"), ("enable-stream", "orders", "--local")],
    ids=" ".join,
)
def test_what_needs_the_extra_ends_with_the_command_that_installs_it(
    local_variables: Variables, command: tuple[str, ...], missing: str
) -> None:
    done = ran_apart(*command, "-o", "json", variables=local_variables, before=without(missing))
    assert (done.code, done.error_code) == (5, "local-extra-missing"), done.err
    (error,) = done.json["errors"]
    assert error["hint"] == f"Run: {install_command(local_variables)}"
    assert error["hint"] in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("command", "code"),
    [(("local", "status"), 1), (("local", "stop"), 0), (("local", "env"), 5), (("config", "schema"), 0)],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_does_not_need_the_extra_works_without_it(
    local_variables: Variables, command: tuple[str, ...], code: int
) -> None:
    done = ran_apart(
        *command, "-o", "json", variables=local_variables, before=without("ministack", "hypercorn")
    )
    assert done.code == code
    assert "local-extra-missing" not in done.out


def test_another_ministack_than_the_one_that_was_looked_into_is_not_run(local_variables: Variables) -> None:
    before = (
        "import importlib.metadata\n"
        "real = importlib.metadata.version\n"
        "importlib.metadata.version = lambda name: '2.0.0rc1' if name == 'ministack' else real(name)\n"
    )
    done = ran_apart("local", "start", "-o", "json", variables=local_variables, before=before)
    assert (done.code, done.error_code) == (5, "local-extra-missing")
    assert "MiniStack 2.0 is installed, but 1.5.33 up to 1.6 is needed." in done.err


def test_an_environment_without_pip_is_told_the_command_that_works_there(local_variables: Variables) -> None:
    done = ran_apart(
        "local", "start", "-o", "json", variables=local_variables, before=without("ministack", "pip")
    )
    (error,) = done.json["errors"]
    assert error["hint"] == f"Run: uv pip install --python {sys.executable} 'ddbinsert[local]'"


def test_the_command_is_short_where_python_on_the_path_is_this_one(tmp_path: Path) -> None:
    executable = Path(sys.executable)
    short = executable.name if executable.name in ("python", "python3") else str(executable)
    assert install_command({"PATH": str(executable.parent)}) == f"{short} -m pip install 'ddbinsert[local]'"
    assert install_command({"PATH": str(tmp_path)}) == f"{executable} -m pip install 'ddbinsert[local]'"
