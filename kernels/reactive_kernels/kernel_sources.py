"""What IPython does with a cell's source before it runs, done only where it makes a difference: run inside a kernel.

IPython looks for its own syntax with a tokenizer, twice, compiles each cell twice more to learn whether it awaits, and
binds a name `_i12` to each input for ever. A source without a sign of that syntax is Python already; one without the
word `await` or `async` does not await; and an input gets its name when a source mentions it, so that the namespace does
not grow with every run. `In`, `_i`, `_ii`, `_iii` and what magics find of the history are as ever.
"""

from __future__ import annotations

import re
from typing import Any

# What could be IPython's syntax, prompts that were pasted, or indentation that is taken away: no more than a suspicion.
_SUSPICIOUS = re.compile(
    r"""\A\s | \? | ^\s*[!%,;/] | =\s*[!%] | >>> | \.\.\. | In\ \[ | ^[^\S\n]+$ | [\r\v\f\x1c-\x1e\x85\u2028\u2029]""",
    re.MULTILINE | re.VERBOSE,
)
_AWAITS = re.compile("await|async")
_NUMBERED_INPUT = re.compile(r"(?<!\w)_i(\d{1,9})(?!\w)")


def is_plain(source: str) -> bool:
    """Whether IPython surely leaves a source as it is, but for a line's end after its last line."""
    return _SUSPICIOUS.search(source) is None


def _transform_when_needed(shell: Any) -> None:
    """Ipykernel and IPython both translate a cell's source; the second may have what the first has found."""
    original = shell.transform_cell
    last: list[Any] = [None, None]
    steps = _steps(shell)

    def transform_cell(source: str) -> str:
        if source is last[0]:
            found: str = last[1]
            last[:] = None, None
            return found
        if steps and is_plain(source) and _steps(shell) == steps:  # nobody has added a syntax of their own
            found = _of_one_line(shell, source if source.endswith("\n") else source + "\n")
        else:
            found = original(source)
        last[:] = source, found
        return found

    shell.transform_cell = transform_cell


def _of_one_line(shell: Any, source: str) -> str:
    """What a cell of one line may be beyond Python: a magic without its sign (`pwd`), a macro, `quit`.

    As in `InteractiveShell.transform_cell`, since it depends on what names there are.
    """
    if len(source.splitlines()) != 1:
        return source
    with shell.builtin_trap:
        return f"{shell.prefilter_manager.prefilter_lines(source)}\n"


def _steps(shell: Any) -> list[Any]:
    """All that translates a source, as far as it can be looked at."""
    manager = getattr(shell, "input_transformer_manager", None)
    names = ("cleanup_transforms", "line_transforms", "token_transformers")
    steps = [step for name in names for step in getattr(manager, name, ())]
    return [*steps, *getattr(shell, "input_transformers_post", ())]


def _ask_whether_it_awaits(shell: Any) -> None:
    original = getattr(shell, "should_run_async", None)
    if original is None:
        return

    def should_run_async(raw_cell: str, **options: Any) -> bool:
        transformed = options.get("transformed_cell")
        if isinstance(transformed, str) and _AWAITS.search(transformed) is None:
            return False
        awaits: bool = original(raw_cell, **options)
        return awaits

    shell.should_run_async = should_run_async


def _name_inputs_when_mentioned(shell: Any) -> None:
    history: Any = getattr(shell, "history_manager", None)
    original = getattr(history, "store_inputs", None)
    if original is None:
        return

    def store_inputs(line_num: int, source: str, source_raw: str | None = None) -> None:
        original(line_num, source, source_raw)
        own = f"_i{line_num}"
        text = source if source_raw is None else source_raw
        mentioned = _NUMBERED_INPUT.findall(text) if "_i" in text else ()
        inputs = history.input_hist_raw
        for number in map(int, mentioned):
            if 0 < number < len(inputs):
                shell.user_ns[f"_i{number}"] = shell.user_ns_hidden[f"_i{number}"] = inputs[number]
        if str(line_num) not in mentioned:
            shell.user_ns.pop(own, None)
            shell.user_ns_hidden.pop(own, None)

    history.store_inputs = store_inputs


def install() -> None:
    """Make this kernel's shell look only where there is something to be found."""
    from IPython import get_ipython

    shell = get_ipython()
    _transform_when_needed(shell)
    _ask_whether_it_awaits(shell)
    _name_inputs_when_mentioned(shell)


if __name__ == "_reactive_nb_sources":
    install()
