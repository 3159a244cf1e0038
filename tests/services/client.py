"""A client as frontends are told to be: it has the state once, and from then on only applies the events."""

from __future__ import annotations

from typing import Any

from reactive_nb.schemas.events import Event
from reactive_nb.services import views
from reactive_nb.services.effects import Effect
from reactive_nb.services.operations import Operation
from reactive_nb.services.reducer import apply
from reactive_nb.services.state import SessionState
from tests.services.in_process import InProcessNotebook
from tests.services.invariants import violations

Json = dict[str, Any]


class Client:
    """What a page would show."""

    def __init__(self, state: SessionState) -> None:
        whole = views.notebook_response(state).model_dump(mode="json")
        self.cells: list[Json] = whole.pop("cells")
        self.notebook: Json = whole
        self.runs: set[str] = set()
        self.heard: list[Json] = []

    def cell(self, cell_id: str) -> Json:
        return next(cell for cell in self.cells if cell["id"] == cell_id)

    def hear(self, event: Event) -> None:
        told = event.model_dump(mode="json", by_alias=True)
        self.heard.append(told)
        cell = self.cell(told["cell_id"]) if told["type"].startswith(("cell.", "output.")) and "cell_id" in told else {}
        match told["type"]:
            case "cell.added":
                self.cells.insert(told["index"], told["cell"])
            case "cell.updated":
                cell |= {"type": told["cell_type"], "source": told["source"], "config": told["config"]}
                cell["revision"] = told["cell_revision"]
            case "cell.moved":
                self.cells.remove(cell)
                self.cells.insert(told["index"], cell)
            case "cell.removed":
                self.cells.remove(cell)
            case "cell.status":
                names = ("status", "execution_count", "error", "stale_because", "started_at", "duration_ms")
                cell.update({name: told[name] for name in names})
            case "output.append":
                cell["outputs"] += told["outputs"]
            case "output.clear":
                assert cell["outputs"], "cleared though there was nothing"
                cell["outputs"] = []
            case "output.update":
                self._update_output(cell["outputs"], told)
            case "graph.updated":
                for names in told["cells"]:
                    names.pop("edges")
                    self.cell(names["id"]).update(names)
            case "notebook.updated":
                self.notebook |= {name: told[name] for name in ("name", "settings", "kernel_name")}
            case "kernel.status":
                self.notebook["kernel"] = told["kernel"]
            case "run.started":
                self.runs.add(told["run_id"])
            case "run.finished":
                self.runs.remove(told["run_id"])

    def _update_output(self, outputs: list[Json], told: Json) -> None:
        if told["output"] is not None:
            outputs[told["index"]] = told["output"]
        else:
            old = outputs[told["index"]]
            outputs[told["index"]] = old | {"text": old["text"][: told["keep"]] + told["text"]}

    def differences(self, state: SessionState) -> list[str]:
        """Where this client and the state itself differ."""
        whole = views.notebook_response(state).model_dump(mode="json")
        theirs = {cell["id"]: _without_revision(cell) for cell in whole["cells"]}
        ours = {cell["id"]: _without_revision(cell) for cell in self.cells}
        found = [] if list(ours) == list(theirs) else [f"order: {list(ours)} is {list(theirs)}"]
        found += [
            f"{cell}.{name}: {ours[cell][name]!r} is {theirs[cell][name]!r}"
            for cell in theirs.keys() & ours.keys()
            for name in theirs[cell]
            if _plain(theirs[cell][name]) != _plain(ours[cell][name])
        ]
        found += [
            f"{name}: {self.notebook[name]!r} is {whole[name]!r}"
            for name in ("name", "settings", "kernel_name", "kernel")
            if self.notebook[name] != whole[name]
        ]
        if self.runs != {run.id for run in state.runs}:
            found.append(f"runs: {self.runs}")
        return found


def _without_revision(cell: Json) -> Json:
    """A cell that only moved has a new revision, which `cell.moved` has as its own."""
    return {name: value for name, value in cell.items() if name != "revision"}


def _plain(value: Any) -> Any:
    """Comparable: a move alone changes the order in which neighbours are listed, and tells nobody so."""
    if isinstance(value, str):
        return value.replace("+00:00", "Z")
    return sorted(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else value


class WatchedNotebook(InProcessNotebook):
    """A notebook without a kernel, and a client who hears what it tells."""

    def __init__(self, *sources: str, batches: bool = False) -> None:
        super().__init__(*sources, batches=batches)
        self.client = Client(self.state)

    def _apply_one(self, operation: Operation) -> list[Effect]:
        applied = apply(self.state, operation)
        self.state = applied.state
        for event in applied.events:
            self.client.hear(event)
        found = [*violations(self.state), *self.client.differences(self.state)]
        assert not found, "\n".join([repr(operation), *found])
        return list(applied.effects)
