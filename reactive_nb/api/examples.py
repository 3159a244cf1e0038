"""What the documents show as examples, by the name of the contract: one small notebook, as it really is answered.

Contracts that say their own example keep it. The tests hold each of these against its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTEBOOK_ID = "5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10"
_CREATED, _UPDATED = "2027-01-08T09:00:00.482578Z", "2027-01-08T09:00:05.606286Z"
_CONFIG = {
    "mode": "auto",
    "timeout": None,
    "continue_on_error": False,
    "result": None,
    "hide_source": False,
    "hide_output": False,
}
_RESULT = {"output_type": "execute_result", "execution_count": 2, "metadata": {}, "data": {"text/plain": "21"}}
_EDITED: Mapping[str, Any] = {
    "kind": "edited",
    "names": [],
    "cell": None,
    "was": None,
    "message": "It was edited since it ran.",
}
_STALE_INPUT = {
    "kind": "input-stale",
    "names": ["price"],
    "cell": "price",
    "was": None,
    "message": "price comes from cell price, which is stale.",
}


def _cell(cell_id: str, source: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": cell_id,
        "type": "python",
        "source": source,
        "status": "success",
        "outputs": [],
        "execution_count": 1,
        "defines": [cell_id],
        "uses": [],
        "unresolved": [],
        "upstream": [],
        "downstream": [],
        "config": _CONFIG,
        "error": None,
        "stale_because": [],
        "started_at": "2027-01-08T09:00:04.102000Z",
        "duration_ms": 3.4,
        "revision": 0,
        **fields,
    }


def _ran(cell_id: str, number: int, *outputs: Any) -> dict[str, Any]:
    return {
        "id": cell_id,
        "status": "success",
        "outputs": list(outputs),
        "execution_count": number,
        "error": None,
        "duration_ms": 0.6,
    }


_PRICE = _cell("price", "price = 3", downstream=["total"])
_TOTAL = _cell(
    "total", "total = price * 7\ntotal", outputs=[_RESULT], execution_count=2, uses=["price"], upstream=["price"]
)
_WIDGET = {
    "comm_id": "0d9a7e1c2b3f4a5d8e6f",
    "names": ["slider"],
    "model": "IntSliderModel",
    "module": "@jupyter-widgets/controls",
    "state": {"value": 7, "min": 0, "max": 100},
    "read_by": ["best"],
}

EXAMPLES: Mapping[str, Any] = {
    # -- what is sent
    "ChatRequest": {"messages": [{"role": "user", "content": "Plot sales by month."}], "mode": "agent"},
    "CompleteRequest": {"code": "pri", "cursor_pos": 3},
    "InspectRequest": {"code": "sorted", "cursor_pos": 6},
    "DebugRequest": {"request": {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}},
    "InputRequest": {"value": "yes"},
    "CommRequest": {"action": "msg", "data": {"method": "update", "state": {"value": 7}}},
    "DatabaseRequest": {"url": "postgresql://reader:secret@localhost/shop", "test": True},
    "MoveWidgetRequest": {"state": {"value": 7}, "wait": 30},
    # -- what is answered
    "NotebookResponse": {
        "id": _NOTEBOOK_ID,
        "name": "Prices",
        "kernel_name": "python3",
        "kernel": {"name": "python3", "state": "idle", "language": "python", "message": None},
        "settings": {
            "mode": "auto",
            "redefinition": "allow",
            "restart_dead_kernel": False,
            "equal_results": False,
            "database": None,
        },
        "cells": [_PRICE, _TOTAL],
        "revision": 0,
        "created_at": _CREATED,
        "updated_at": _UPDATED,
        "storage_problem": None,
    },
    "NotebookList": {
        "notebooks": [
            {
                "id": _NOTEBOOK_ID,
                "name": "Prices",
                "kernel_name": "python3",
                "cell_count": 2,
                "revision": 0,
                "created_at": _CREATED,
                "updated_at": _UPDATED,
                "kernel_state": "idle",
            }
        ],
        "cursor": None,
    },
    "CellResponse": _TOTAL,
    "CellWhy": {
        "id": "total",
        "status": "stale",
        "stale_because": [_STALE_INPUT],
        "causes": [
            {
                "cell": "price",
                "label": "price = 5",
                "manual": False,
                "because": [_EDITED],
                "path": [{"cell": "total", "names": ["price"]}],
            }
        ],
        "culprits": [],
        "unresolved": [],
        "revision": 1,
    },
    "BatchResponse": {"revision": 4, "cell_ids": ["rate"]},
    "RunResponse": {
        "run_id": "263712760d94",
        "state": "finished",
        "cells": [_ran("price", 1), _ran("total", 2, _RESULT)],
        "message": None,
        "revision": 0,
    },
    "PlanResponse": {
        "plan": [
            {
                "id": "price",
                "label": "price = 5",
                "status": "stale",
                "because": [{"kind": "stale", "names": [], "cell": None, "message": "It is stale."}],
                "stale_because": [_EDITED],
            }
        ],
        "revision": 1,
    },
    "KernelRequestResponse": {"state": "idle", "message": None},
    "VariablesResponse": {
        "variables": [
            {"name": "price", "type": "int", "shape": None, "size": 28, "preview": "3", "cell": "price"},
            {"name": "sales", "type": "DataFrame", "shape": [6, 2], "size": 580, "preview": "…", "cell": "load-data"},
        ]
    },
    "VariablePage": {
        "name": "sales",
        "type": "DataFrame",
        "kind": "dataframe",
        "total": 6,
        "matching": 6,
        "offset": 0,
        "columns": [{"name": "month", "type": "object"}, {"name": "pieces", "type": "int64"}],
        "columns_total": 2,
        "places": [0, 1],
        "rows": [["Jan", 34], ["Feb", 41]],
    },
    "CompleteResponse": {"matches": ["price", "print"], "cursor_start": 0, "cursor_end": 3, "metadata": {}},
    "InspectResponse": {
        "found": True,
        "data": {"text/plain": "Signature: sorted(iterable, /, *, key=None, reverse=False)"},
        "metadata": {},
    },
    "DebugResponse": {"response": {"type": "response", "request_seq": 1, "success": True, "command": "debugInfo"}},
    "GraphResponse": {
        "cells": [
            {
                "id": cell["id"],
                "label": cell["source"].partition("\n")[0],
                "position": position,
                "type": "python",
                "status": "success",
                "mode": "auto",
                "defines": cell["defines"],
                "uses": cell["uses"],
                "changes": [],
                "opaque": [],
                "unresolved": [],
                "withheld": {},
                "conflicts": {},
            }
            for position, cell in enumerate((_PRICE, _TOTAL))
        ],
        "edges": [{"from": "price", "to": "total", "names": ["price"], "kind": "reads", "below": False}],
        "revision": 0,
    },
    "WidgetModule": {"module": "ipycanvas", "source": 'define(["@jupyter-widgets/base"], (base) => ({}));'},
    "WidgetsResponse": {"widgets": [_WIDGET]},
    "WidgetMoved": {"widget": _WIDGET, "settled": True, "cells": [_ran("best", 12)]},
    "KernelspecList": {
        "kernelspecs": [
            {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python", "default": True}
        ]
    },
    "DatabaseResponse": {
        "url": "postgresql://reader:***@localhost/shop",
        "dialect": "postgresql",
        "ok": True,
        "message": "Connected.",
    },
    "Health": {"status": "ok", "version": "0.1.0"},
    "Readiness": {"status": "ready", "checks": {"storage": "ok", "kernels": "ok"}},
    "Problem": {
        "type": "/problems/no-such-cell",
        "title": "No such cell",
        "status": 404,
        "detail": "There is no cell 'totl' in this notebook.",
        "instance": f"/api/v1/notebooks/{_NOTEBOOK_ID}/cells/totl",
        "request_id": "6246317428fd469993abaa8b4b78c9b7",
    },
}


def add_examples(schemas: dict[str, Any]) -> None:
    """Put each example into its schema, if that has none."""
    for name, schema in schemas.items():
        if name in EXAMPLES:
            schema.setdefault("examples", [EXAMPLES[name]])
