"""Outputs: changes that were worked out beforehand are put into the cells, and clients are told the same changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from reactive_kernels import Append, Clear, OutputChange, Replace, Splice
from reactive_nb.models import Output
from reactive_nb.schemas.events import OutputUpdate
from reactive_nb.services import views
from reactive_nb.services.large_outputs import slim
from reactive_nb.services.operations import ChangeOutputs
from reactive_nb.services.reducer.transition import Transition


def change_outputs(operation: ChangeOutputs, step: Transition) -> None:
    for cell_id, changes in operation.changes.items():
        cell = step.state.notebook.cell(cell_id)
        if cell is None:
            continue
        outputs = list(cell.outputs)
        for change in changes:
            _put(change, cell_id, outputs, step)
        step.set_cell(replace(cell, outputs=tuple(outputs)))
    step.save(urgent=False)


def _put(change: OutputChange, cell_id: str, outputs: list[Output], step: Transition) -> None:
    match change:
        case Clear():
            if not outputs:
                return  # cleared when the run began
            outputs.clear()
            views.clear_outputs(step.events, cell_id)
        case Append(added):
            outputs.extend(added)
            views.append_outputs(step.events, cell_id, added)
        case Replace(index, output):
            outputs[index] = output
            step.emit(OutputUpdate(cell_id=cell_id, index=index, output=slim(output)))
        case Splice(index, keep, text):
            outputs[index] = outputs[index] | {"text": _text(outputs, index)[:keep] + text}
            step.emit(OutputUpdate(cell_id=cell_id, index=index, keep=keep, text=text))


def _text(outputs: Sequence[Output], index: int) -> str:
    text: str = outputs[index]["text"]
    return text


HANDLERS: dict[type, Callable[[Any, Transition], None]] = {ChangeOutputs: change_outputs}
