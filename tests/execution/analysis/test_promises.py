"""What the sets promise, held against runs of random programs."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.models.analysis import Analysis
from tests.execution.analysis.programs import (
    FOREIGN,
    NAMES,
    EndlessProgram,
    Thing,
    fresh_namespace,
    missing_name,
    namespace_with_functions,
    random_program,
    run,
)

programs = st.integers(0, 10**9).map(lambda seed: random_program(Random(seed)))
seeds = st.integers(0, 100)


def analysed(source: str) -> Analysis:
    note(source)
    found = analyse_python(source)
    note(str(found))
    assert found.error is None
    return found


def run_from_fresh(source: str, seed: int) -> tuple[dict[str, Any], dict[str, Any], BaseException | None]:
    """The namespace before, the namespace after, and what was raised."""
    namespace = fresh_namespace(seed)
    before = dict(namespace)
    return before, namespace, run(source, namespace)


@given(programs, seeds)
def test_what_is_bound_is_in_defines_and_what_is_surely_bound_is_bound(source: str, seed: int) -> None:
    found = analysed(source)
    before, after, error = run_from_fresh(source, seed)
    if error is not None:
        return
    for name in NAMES:
        if name not in after:
            assert name in found.deletes or f"as {name}:" in source  # a handler's name takes another cell's with it
            assert name not in found.defines - found.maybe
        elif after[name] is not before[name]:
            assert name in found.defines
            assert name not in found.deletes - found.maybe - found.defines
        else:
            surely = name in found.defines - found.maybe
            assert not surely or name in found.uses  # bound to what it was


@given(programs, seeds)
def test_what_is_missed_is_in_uses(source: str, seed: int) -> None:
    found = analysed(source)
    if run_from_fresh(source, seed)[2] is not None:
        return
    for name in NAMES:
        error = run(source, fresh_namespace(seed, without=name))
        if missing_name(error) == name:
            assert name in found.uses


@given(programs, seeds)
def test_without_a_certain_name_the_cell_fails(source: str, seed: int) -> None:
    found = analysed(source)
    assert found.certain <= found.uses
    for name in found.certain & set(NAMES):
        assert run(source, fresh_namespace(seed, without=name)) is not None


@given(programs, seeds)
def test_what_is_changed_in_place_is_in_mutates(source: str, seed: int) -> None:
    found = analysed(source)
    before, _, error = run_from_fresh(source, seed)
    if isinstance(error, EndlessProgram):
        return
    for name, thing in before.items():
        if name in NAMES and thing.__dict__["changed"]:
            assert name in found.mutates


@given(programs, seeds)
def test_what_a_function_misses_later_is_in_its_late_reads(source: str, seed: int) -> None:
    found = analysed(source)
    before, after, error = run_from_fresh(source, seed)
    if error is not None:
        return
    for called in sorted(found.defines):
        if called not in after or isinstance(after[called], Thing) or not callable(after[called]):
            continue
        complete = dict(after)  # `after` itself is the globals of the functions
        always = missing_name(run(f"{called}()", after))
        _restore(after, complete)
        for name in NAMES:
            if complete.get(name) is before[name] and name != always:
                del after[name]
                if missing_name(run(f"{called}()", after)) == name:
                    assert name in reached(found, called)
                _restore(after, complete)


@given(programs, seeds)
def test_what_code_of_other_cells_misses_meanwhile_is_known(source: str, seed: int) -> None:
    found = analysed(source)
    if run(source, namespace_with_functions(seed)) is not None:
        return
    for name in NAMES:
        if missing_name(run(source, namespace_with_functions(seed, without=name))) == name:
            assert name in needed(found)


def needed(found: Analysis) -> set[str]:
    """What a cell needs from above, if `FOREIGN` functions are all there is."""
    needs: set[str] = set()
    for used in sorted(found.uses | found.mutates, key=lambda name: found.order.reached.get(name, 0)):
        todo = [used]
        while todo:
            name = todo.pop()
            if name not in needs:
                needs.add(name)
                reads = {FOREIGN[name]} if name in FOREIGN else set()
                todo.extend(other for other in reads if not found.binds_before(other, used))
                for own in reads & found.meanwhile.keys():
                    todo.extend(found.meanwhile[own].reads | found.meanwhile[own].carries)
    return needs


def _restore(namespace: dict[str, Any], content: dict[str, Any]) -> None:
    namespace.clear()
    namespace.update(content)


def reached(found: Analysis, name: str) -> set[str]:
    """What calling `name` may read, through the names it reads that the cell has bound."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        late = found.late.get(todo.pop())
        if late is not None:
            new = (late.reads | late.carries) - seen
            seen |= new
            todo.extend(new)
    return seen


@pytest.mark.parametrize("seed", range(20))
def test_programs_are_various(seed: int) -> None:
    """The generator does not only write what fails at once."""
    random = Random(seed)
    ends = [run(random_program(random), fresh_namespace(seed)) for _ in range(50)]
    assert sum(end is None for end in ends) >= 10
