"""How many cells a kernel is given at once: more than it comes to are chosen in vain."""

from __future__ import annotations

from reactive_nb.services.effects import Effect, ExecuteBatch
from reactive_nb.services.state import MOST_AT_ONCE
from tests.services.in_process import SLICE, InProcessNotebook


class Counting(InProcessNotebook):
    """Notes how many there were in each batch."""

    def __init__(self, *sources: str) -> None:
        super().__init__(*sources, batches=True)
        self.given: list[int] = []

    def _execute_batch(self, effect: ExecuteBatch) -> list[Effect]:
        self.given.append(len(effect.cells))
        return super()._execute_batch(effect)


def test_a_kernel_is_given_about_as_many_as_it_comes_to() -> None:
    notebook = Counting(*(f"x{number} = {number}" for number in range(80)))
    notebook.run()
    first, *others = notebook.given
    assert first == MOST_AT_ONCE
    assert max(others) == SLICE + 4, "it came to three, so it may come to a few more"
    assert {notebook.status(f"c{number}") for number in range(80)} == {"success"}


def test_one_that_came_to_all_is_given_more_again() -> None:
    notebook = Counting(*(f"x{number} = {number}" for number in range(9)))
    notebook.run()
    before = notebook.state.reach
    assert before < MOST_AT_ONCE
    notebook.run("c0", "c1")
    assert notebook.state.reach > before
