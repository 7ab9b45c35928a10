"""A run of verify as one HTML file without network access, scripts or other files.

The page is rendered from the Jinja2 templates in ``templates``. `as_text` cleans every value, and autoescape escapes
it: no template marks a value as safe.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ddbinsert import __version__
from ddbinsert.core.proof.claims import claims
from ddbinsert.core.times import format_duration
from ddbinsert.render.verdict import overview, view
from ddbinsert.render.verdict.common import (
    NOTHING,
    RESULT_SIGNS,
    STANDING_SIGNS,
    WEIGHT_WORDS,
    NoVerdict,
    facts,
    format_time,
    sentence,
)
from ddbinsert.render.verdict.histogram import histogram
from ddbinsert.render.verdict.plain_text import plain
from ddbinsert.render.verdict.remedies import remedies
from ddbinsert.render.verdict.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.proof import Proof


def page(proof: Proof) -> str:
    """The report on a run with a verdict."""
    return _rendered("verdict.html", at=proof.started, number=1, **_template_values(proof))


def _template_values(proof: Proof) -> dict[str, Any]:
    """The values for the template of a verdict."""
    verdict, every, drawing = proof.verdict, claims(proof), timeline(proof)
    return {
        "proof": proof,
        "verdict": verdict,
        "figures": view.figures(proof, every),
        "remedies": remedies(verdict.findings),
        "claims": every,
        "event_rows": view.event_rows(proof),
        "histogram": histogram(proof.tally.latency) if proof.tally else None,
        "timeline": drawing,
        "legend": view.legend(drawing) if drawing else (),
        "every_write": view.every_write(proof),
        "facts": facts(proof),
    }


def every_page(results: Sequence[Proof | NoVerdict]) -> str:
    """The report on the runs of several consumers: one row for each, and each one's own report, collapsed."""
    at = min((one.at if isinstance(one, NoVerdict) else one.started for one in results), default=0.0)
    return _rendered(
        "every.html",
        at=at,
        runs=[{"run": one} if isinstance(one, NoVerdict) else _template_values(one) for one in results],
        rows=[overview.row_of(one) for one in results],
        worst=overview.worst(results),
        summary=overview.summary_of(results),
        places=overview.places_of(results),
    )


def error_page(run: NoVerdict) -> str:
    """The report on a run without a verdict."""
    return _rendered("no_verdict.html", at=run.at, run=run)


def as_text(value: object) -> object:
    """A value as templates write it: numbers rounded, None as a dash, outside text cleaned and on one line."""
    match value:
        case Markup() | int():
            return value
        case None:
            return NOTHING
        case float():
            return f"{round(value, 2):g}"
        case _:
            return plain(value)


def with_code(text: str) -> Markup:
    """A sentence with code between ``backticks``, as markup."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup("{}").format(plain(text))
    return Markup().join(
        Markup("<code>{}</code>").format(plain(part)) if place % 2 else _spaced(part)
        for place, part in enumerate(parts)
    )


def _spaced(part: str) -> str:
    """The text, with a blank at each end that had one, as `plain` removes them."""
    if not part.strip():
        return " " if part else ""
    return f"{' ' * part[0].isspace()}{plain(part)}{' ' * part[-1].isspace()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ddbinsert.render.verdict"),
        autoescape=True,
        finalize=as_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "code": with_code,
        "duration": format_duration,
        "moment": format_time,
        "sentence": sentence,
    }
    environment.globals |= {
        "version": __version__,
        "result_signs": RESULT_SIGNS,
        "standing_signs": STANDING_SIGNS,
        "tones": view.TONES,
        "weight_words": WEIGHT_WORDS,
    }
    return environment


def _rendered(template: str, **context: Any) -> str:
    return _environment().get_template(template).render(**context)
