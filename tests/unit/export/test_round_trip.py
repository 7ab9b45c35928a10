"""An export, read back by the reader of templates, is the trigger that was exported: for generated triggers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from ddbinsert.core.filters.insert_only import insert_patterns
from ddbinsert.core.model.seen import World
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.scope import Allowed, Scope
from ddbinsert.documents.compare import DeclarationCompared, Placed, compare
from ddbinsert.documents.read import declarations, document_of
from ddbinsert.export.cloudformation import cloudformation, sam
from ddbinsert.export.resources import from_live, from_wanted
from ddbinsert.export.terraform import terraform
from tests.examples import examples
from tests.unit.worlds import PACKAGE, REGION, after, strict, table, triggers

if TYPE_CHECKING:
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.export.model import Exported

FORMATS = {"template.yaml": cloudformation, "sam.yaml": sam, "main.tf": terraform}


def settled(want: Trigger) -> World:
    """The world that a trigger makes of a bare table."""
    world = World(region=REGION, table=table(view=want.view))
    return after(plan(want, world, Scope.TRIGGER, PACKAGE, Allowed()), world, want, PACKAGE)


def read_back(name: str, exported: Exported, world: World) -> DeclarationCompared:
    """What the reader finds in the export, compared with the world."""
    text = next(iter(FORMATS[name](exported).values()))
    document = document_of(name, text)
    assert document is not None
    found = declarations(document)
    assert found is not None
    (mapping,) = found.mappings
    assert not mapping.mistakes
    live = world.live_mapping
    assert live is not None
    return compare(Placed(document, mapping), live, world)


@pytest.mark.parametrize("name", FORMATS)
@examples(100)
@given(triggers())
def test_an_exported_live_trigger_reads_back_equal(name: str, want: Trigger) -> None:
    world = settled(want)
    compared = read_back(name, from_live(want, world, None), world)
    assert (compared.different, compared.undeclared, compared.not_compared) == ((), (), ())


@pytest.mark.parametrize("name", FORMATS)
@examples(100)
@given(triggers())
def test_an_exported_configuration_reads_back_as_the_trigger_that_up_makes(name: str, want: Trigger) -> None:
    world = settled(strict(want))
    assert world.table is not None
    mapping = replace(want.mapping, filters=insert_patterns(want.mapping.filters))
    exported = from_wanted(replace(want, mapping=mapping), world.table, PACKAGE, REGION)
    compared = read_back(name, exported, world)
    assert (compared.different, compared.undeclared, compared.not_compared) == ((), (), ())
