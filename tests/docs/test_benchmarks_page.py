"""docs/benchmarks.md and the command that writes it; nothing is measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import page
from tests.benchmarks.__main__ import main, run
from tests.benchmarks.figures import Figure
from tests.benchmarks.table import BENCHMARKS, Benchmark
from tests.docs.generated import END, write_part

_FOLDER = Path(__file__).parents[1] / "benchmarks"
_GOOD = """
import pytest
from tests.benchmarks.figures import figure

@pytest.mark.benchmark
def test_good() -> None:
    figure("this", against="that", measured="1 s and 2 s", ratio=0.504, most=0.5)
"""
_BAD = _GOOD + '    raise RuntimeError("out of order")\n'


def test_every_file_of_benchmarks_is_in_the_table() -> None:
    files = [one.file for one in BENCHMARKS]
    assert sorted(files) == sorted(path.name for path in _FOLDER.glob("bench_*.py"))
    assert len({one.name for one in BENCHMARKS}) == len(files)


def test_the_page_has_a_row_for_every_benchmark_once_it_was_measured() -> None:
    _, _, rest = page.PAGE.read_text().partition(f"{page.BEGIN}\n")
    generated, _, after = rest.partition(f"\n{END}\n")
    assert after.startswith("\n## ")
    if "| benchmark |" in generated:
        for one in BENCHMARKS:
            assert f"\n| {one.name} | " in generated


def test_a_benchmark_that_fails_loses_no_other_figures(tmp_path: Path) -> None:
    tests = tmp_path / "benchmarks"
    tests.mkdir()
    (tests / "bench_good.py").write_text(_GOOD)
    (tests / "bench_bad.py").write_text(_BAD)
    chosen = [Benchmark(name=name, file=f"bench_{name}.py") for name in ("bad", "good")]
    results = run(chosen, work=tmp_path, is_quick=False, has_tools=False, folder=tests)
    assert [one.problem for one in results] == ["pytest ended with 1", ""]
    assert "out of order" in results[0].output
    copy = tmp_path / "page.md"
    copy.write_text(f"before\n{page.BEGIN}\nold\n{END}\nafter\n")
    write_part(copy, page.BEGIN, page.table(results))
    lines = copy.read_text().splitlines()
    assert lines[:2] == ["before", page.BEGIN]
    assert lines[-2:] == [END, "after"]
    assert lines[4] == "| bad | this | that | 1 s and 2 s | 0.50 | at most 0.5 | yes |"
    assert lines[5] == "| bad | **failed**: pytest ended with 1 | | | | | |"
    assert lines[6].startswith("| good | this | that |")
    assert [path.name for path in tmp_path.glob("page*")] == ["page.md"]


def test_an_aim_is_judged_by_the_ratio_that_is_shown() -> None:
    def one(ratio: float, **aim: float) -> Figure:
        return Figure(what="a", against="b", measured="", ratio=ratio, **aim)

    assert one(1.254, most=1.25).holds
    assert not one(1.256, most=1.25).holds
    assert not one(0.79, least=0.8).holds
    assert one(9.9).holds


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "nothing"])
    assert ended.value.code == 2
