// Made by scripts/types.mjs from the service's own description; not to be edited.

export interface paths {
    "/api/v1/chat/{notebook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Chat about a notebook
         * @description The model answers, and works in the notebook with tools of its own, as you would: every client sees it live.
         *
         *     It stops when you close the connection, and after a number of steps or a time (see the settings). In mode `ask` it
         *     only reads.
         */
        post: operations["chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Liveness
         * @description The process answers.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readiness
         * @description Storage and kernels can be used. A problem names the part that can't.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/kernelspecs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List kernels
         * @description The installed kernelspecs: what `kernel_name` takes.
         */
        get: operations["kernelspecs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics
         * @description Kernels, open notebooks, WebSockets, runs, durations; nothing about anyone's work.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List notebooks
         * @description Your notebooks, the one changed last first, page by page.
         */
        get: operations["list_notebooks"];
        put?: never;
        /**
         * Create a notebook
         * @description A new notebook, with cells if you send some. Nothing is run.
         */
        post: operations["create_notebook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a notebook
         * @description The whole notebook: cells with their status and outputs, settings, kernel. The ETag is its revision.
         */
        get: operations["read_notebook"];
        put?: never;
        post?: never;
        /**
         * Delete a notebook
         * @description Its kernel is shut down, and its clients' WebSockets are closed with 4409.
         */
        delete: operations["delete_notebook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change several things at once
         * @description Several operations, one revision: all are carried out, or none.
         */
        post: operations["batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/cells": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a cell
         * @description At `index`, after another cell, or at the end.
         */
        post: operations["create_cell"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/cells/{cell_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a cell
         * @description The cell with its status, outputs, names and neighbours. The ETag is the notebook's revision.
         */
        get: operations["read_cell"];
        /**
         * Change a cell
         * @description Source, type, config or place; what you leave out stays. The cell, and what depends on it, becomes stale.
         */
        put: operations["change_cell"];
        post?: never;
        /**
         * Remove a cell
         * @description What depended on it becomes stale.
         */
        delete: operations["remove_cell"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/cells/{cell_id}/why": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say why a cell is as it is
         * @description Why it is stale, and which cells that goes back to; who blocks it; which names it needs that no cell provides.
         */
        get: operations["explain_cell"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/comms/{comm_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Speak on a comm
         * @description Open a comm towards the kernel, send a message on it, or close it.
         */
        post: operations["speak"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete code
         * @description The kernel's completions at a place in a source.
         */
        post: operations["complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/db": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the database connection
         * @description What SQL cells run on, without its password, and whether it can be reached now.
         */
        get: operations["read_database"];
        /**
         * Set the database connection
         * @description The connection is tried first; nothing is changed if it can't be made, or with `test`.
         *
         *     What is kept with the notebook has no password: that is kept apart, and given to nobody but the notebook's kernel.
         */
        put: operations["set_database"];
        post?: never;
        /**
         * Remove the database connection
         * @description SQL cells go back to DuckDB over the notebook's dataframes. The password is forgotten.
         */
        delete: operations["remove_database"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/debug": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask the debugger
         * @description A request of the debug adapter protocol, for kernels that have a debugger; answered while a cell runs.
         */
        post: operations["debug"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export a notebook
         * @description The notebook as a file, outputs included: nbformat 4.5, a Python script, a page, or Markdown.
         */
        get: operations["export_notebook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/graph": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the dependency graph
         * @description Cells with the names they define and use, and an edge for each cell that gets names from another.
         */
        get: operations["read_graph"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer an input request
         * @description The line of text for which `input()` in a cell waits.
         */
        post: operations["reply_input"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/inspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look up documentation
         * @description The kernel's documentation for what stands at a place in a source.
         */
        post: operations["inspect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/interrupt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Interrupt the run
         * @description The running cell is interrupted, and what was still to run is dropped.
         */
        post: operations["interrupt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/name": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Rename a notebook
         * @description In file storage the file gets the new name too.
         */
        put: operations["rename_notebook"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/outputs/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch a large output
         * @description An output that was too large to stand in the notebook's cells. It never changes under its hash.
         */
        get: operations["read_output"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart the kernel
         * @description A fresh kernel: every cell becomes stale, outputs stay until cells run again.
         */
        post: operations["restart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run cells
         * @description Those named, with their stale ancestors and what depends on them; from a cell on; up to one; all; or the stale.
         *
         *     With `wait`, the answer comes when the run has ended, or after that many seconds as it then stands. With `plan`,
         *     nothing is run, and no kernel started: the answer is what would run, in which order and why.
         */
        post: operations["run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change settings
         * @description Reactivity, and the kernel to use. What you leave out stays.
         */
        put: operations["change_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/shutdown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Shut the kernel down
         * @description Its memory is free again, and its place among the kernels that may run; the next run starts another.
         */
        post: operations["shut_down"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List variables
         * @description Name, type, shape, size and a short preview of each of the kernel's variables.
         */
        get: operations["list_variables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/variables/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a variable
         * @description A page of a table, an array or a list, sorted and filtered where it is; other values whole.
         *
         *     `_5` names the result that the execution with that count displayed.
         */
        get: operations["read_variable"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/widgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List widgets
         * @description The widgets in the kernel with their values, the names they are bound to and the cells that look at them.
         */
        get: operations["list_widgets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/widgets/{widget}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Move a widget
         * @description Set values as a person would by moving the handle: the cells that look at the widget run.
         *
         *     With `wait`, the answer comes when they have run, or after that many seconds as things then stand.
         */
        put: operations["move_widget"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{notebook_id}/widgets/modules/{module}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a module of widgets
         * @description The code that a library of widgets brings along for browsers, from the kernel's own environment.
         */
        get: operations["read_module"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import a notebook
         * @description An `.ipynb` (nbformat 3 to 4.5) or a Python script in percent format, as the body. It gets a new id.
         */
        post: operations["import_notebook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * BatchRequest
         * @description Several changes of the document: one revision, all or nothing.
         * @example {
         *       "operations": [
         *         {
         *           "cell": {
         *             "id": "rate",
         *             "source": "rate = 1.1"
         *           },
         *           "type": "cell.add"
         *         },
         *         {
         *           "name": "Prices",
         *           "type": "notebook.update"
         *         }
         *       ]
         *     }
         */
        BatchRequest: {
            /** Operations */
            operations: (components["schemas"]["CellAddItem"] | components["schemas"]["CellUpdateItem"] | components["schemas"]["CellMoveItem"] | components["schemas"]["CellRemoveItem"] | components["schemas"]["NotebookUpdateItem"])[];
        };
        /**
         * BatchResponse
         * @description A batch was carried out.
         * @example {
         *       "revision": 4,
         *       "cell_ids": [
         *         "rate"
         *       ]
         *     }
         */
        BatchResponse: {
            /**
             * Cell Ids
             * @description The ids of the cells it added, in order.
             */
            cell_ids: string[];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
        };
        /**
         * CellAddItem
         * @description Add a cell.
         */
        CellAddItem: {
            cell: components["schemas"]["CreateCellRequest"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "cell.add";
        };
        /**
         * CellConfigModel
         * @description How a cell is run and shown.
         */
        CellConfigModel: {
            /**
             * Continue On Error
             * @description Whether cells that depend on it run even when it has raised.
             * @default false
             */
            continue_on_error: boolean;
            /**
             * Hide Output
             * @description Whether the page shows the source only.
             * @default false
             */
            hide_output: boolean;
            /**
             * Hide Source
             * @description Whether the page shows the outputs only.
             * @default false
             */
            hide_source: boolean;
            /**
             * @description `auto`, `manual` (never pulled in by others) or `disabled`.
             * @default auto
             */
            mode: components["schemas"]["CellMode"];
            /**
             * Result
             * @description The name an SQL cell's result gets.
             * @example totals
             */
            result: string | null;
            /**
             * Timeout
             * @description Seconds after which the cell is interrupted.
             */
            timeout: number | null;
        };
        /**
         * CellConfigPatch
         * @description The parts of a cell's config to change; what is left out stays.
         */
        CellConfigPatch: {
            /**
             * Continue On Error
             * @description Whether cells that depend on it run even when it has raised.
             */
            continue_on_error?: boolean | null;
            /**
             * Hide Output
             * @description Whether the page shows the source only.
             */
            hide_output?: boolean | null;
            /**
             * Hide Source
             * @description Whether the page shows the outputs only.
             */
            hide_source?: boolean | null;
            mode?: components["schemas"]["CellMode"] | null;
            /**
             * Result
             * @description The name an SQL cell's result gets.
             * @example totals
             */
            result?: string | null;
            /**
             * Timeout
             * @description Seconds after which the cell is interrupted; null: none.
             */
            timeout?: number | null;
        };
        /**
         * CellErrorModel
         * @description Why a cell has no good result.
         */
        CellErrorModel: {
            /**
             * Cells
             * @description The cells to blame: first those it needs names from, last those of `roots`.
             */
            cells: string[];
            /**
             * Kind
             * @description `exception`, `syntax`, `blocked`, `interrupted`, `timeout` or `kernel`.
             */
            kind: string;
            /**
             * Line
             * @description The line in the cell's source, from 1, where it is known.
             */
            line: number | null;
            /**
             * Message
             * @description For people.
             * @example NameError: name 'amount' is not defined
             */
            message: string;
            /**
             * Names
             * @description The names concerned.
             */
            names: string[];
            /**
             * Roots
             * @description Of a blocked cell: the cells to mend, which failed or are kept from running by themselves.
             */
            roots: string[];
        };
        /**
         * CellMode
         * @description `auto` runs when others ask; `manual` only when asked itself; `disabled` neither runs nor provides names.
         * @enum {string}
         */
        CellMode: "auto" | "manual" | "disabled";
        /**
         * CellMoveItem
         * @description Move a cell to another place in document order.
         */
        CellMoveItem: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Index
             * @description Its place in document order, from 0.
             */
            index: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "cell.move";
        };
        /**
         * CellRemoveItem
         * @description Remove a cell.
         */
        CellRemoveItem: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "cell.remove";
        };
        /**
         * CellResponse
         * @description A cell as it stands.
         * @example {
         *       "id": "total",
         *       "type": "python",
         *       "source": "total = price * 7\ntotal",
         *       "status": "success",
         *       "outputs": [
         *         {
         *           "output_type": "execute_result",
         *           "execution_count": 2,
         *           "metadata": {},
         *           "data": {
         *             "text/plain": "21"
         *           }
         *         }
         *       ],
         *       "execution_count": 2,
         *       "defines": [
         *         "total"
         *       ],
         *       "uses": [
         *         "price"
         *       ],
         *       "unresolved": [],
         *       "upstream": [
         *         "price"
         *       ],
         *       "downstream": [],
         *       "config": {
         *         "mode": "auto",
         *         "timeout": null,
         *         "continue_on_error": false,
         *         "result": null,
         *         "hide_source": false,
         *         "hide_output": false
         *       },
         *       "error": null,
         *       "stale_because": [],
         *       "started_at": "2027-01-08T09:00:04.102000Z",
         *       "duration_ms": 3.4,
         *       "revision": 0
         *     }
         */
        CellResponse: {
            config: components["schemas"]["CellConfigModel"];
            /**
             * Defines
             * @description Names that the cell binds, sorted.
             */
            defines: string[];
            /**
             * Downstream
             * @description Cells that get names from it, in document order.
             */
            downstream: string[];
            /**
             * Duration Ms
             * @description How long the cell's last run took.
             */
            duration_ms: number | null;
            error: components["schemas"]["CellErrorModel"] | null;
            /**
             * Execution Count
             * @description The kernel's number of the cell's last run; null: it has not run.
             */
            execution_count: number | null;
            /**
             * Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            id: string;
            /**
             * Outputs
             * @description In nbformat's shape; large data by reference, see `/outputs`.
             */
            outputs: {
                [key: string]: unknown;
            }[];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
            /**
             * Source
             * @description The cell's source.
             * @example total = sum(prices)
             */
            source: string;
            /**
             * Stale Because
             * @description Why it is stale, the most telling first, five reasons at most.
             */
            stale_because: components["schemas"]["StaleReason"][];
            /**
             * Started At
             * @description When its last run began.
             */
            started_at: string | null;
            status: components["schemas"]["CellStatus"];
            type: components["schemas"]["CellType"];
            /**
             * Unresolved
             * @description Names that it needs and no cell provides, sorted; why tells more.
             */
            unresolved: string[];
            /**
             * Upstream
             * @description Cells that it gets names from, in document order.
             */
            upstream: string[];
            /**
             * Uses
             * @description Names that the cell reads, sorted; builtins left out.
             */
            uses: string[];
        };
        /**
         * CellStatus
         * @description Where a cell stands. All but `queued` and `running` follow from what its last run used.
         * @enum {string}
         */
        CellStatus: "idle" | "queued" | "running" | "success" | "error" | "blocked" | "stale" | "disabled";
        /**
         * CellStep
         * @description A cell on the way, and the names that it gets from the one before.
         */
        CellStep: {
            /**
             * Cell
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell: string;
            /**
             * Names
             * @description What it gets.
             * @example [
             *       "df"
             *     ]
             */
            names: string[];
        };
        /**
         * CellType
         * @description What a cell holds. `code` is the kernel's own language where that is not Python; `raw` is kept and never run.
         * @enum {string}
         */
        CellType: "python" | "sql" | "markdown" | "code" | "raw";
        /**
         * CellUpdateItem
         * @description Change a cell's source, type or config.
         */
        CellUpdateItem: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            changes: components["schemas"]["UpdateCellRequest"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "cell.update";
        };
        /**
         * CellWhy
         * @description Why a cell is as it is: stale, blocked, or in want of a name.
         * @example {
         *       "id": "total",
         *       "status": "stale",
         *       "stale_because": [
         *         {
         *           "kind": "input-stale",
         *           "names": [
         *             "price"
         *           ],
         *           "cell": "price",
         *           "was": null,
         *           "message": "price comes from cell price, which is stale."
         *         }
         *       ],
         *       "causes": [
         *         {
         *           "cell": "price",
         *           "label": "price = 5",
         *           "manual": false,
         *           "because": [
         *             {
         *               "kind": "edited",
         *               "names": [],
         *               "cell": null,
         *               "was": null,
         *               "message": "It was edited since it ran."
         *             }
         *           ],
         *           "path": [
         *             {
         *               "cell": "total",
         *               "names": [
         *                 "price"
         *               ]
         *             }
         *           ]
         *         }
         *       ],
         *       "culprits": [],
         *       "unresolved": [],
         *       "revision": 1
         *     }
         */
        CellWhy: {
            /**
             * Causes
             * @description The cells that are outdated by themselves and make it stale, nearest first; at most ten.
             */
            causes: components["schemas"]["StaleCause"][];
            /**
             * Culprits
             * @description Of a blocked cell: those to mend.
             */
            culprits: components["schemas"]["Culprit"][];
            /**
             * Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            id: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
            /**
             * Stale Because
             * @description All reasons, its own first; also of a cell that never ran.
             */
            stale_because: components["schemas"]["StaleReason"][];
            status: components["schemas"]["CellStatus"];
            /** Unresolved */
            unresolved: components["schemas"]["UnresolvedName"][];
        };
        /**
         * ChatMessage
         * @description A message, in OpenAI's form. Those of the model and its tools come from an earlier answer's `end` event.
         */
        ChatMessage: {
            /**
             * Content
             * @description The text.
             */
            content?: string | null;
            /**
             * Role
             * @description Who says it.
             * @enum {string}
             */
            role: "user" | "assistant" | "tool";
            /**
             * Tool Call Id
             * @description Of a tool's message: the call that it answers.
             */
            tool_call_id?: string | null;
            /**
             * Tool Calls
             * @description What the model had done.
             */
            tool_calls?: {
                [key: string]: unknown;
            }[] | null;
        };
        /**
         * ChatMode
         * @description `agent` may change and run the notebook, `ask` only reads it.
         * @enum {string}
         */
        ChatMode: "agent" | "ask";
        /**
         * ChatRequest
         * @description A conversation so far, ending with the user's question.
         * @example {
         *       "messages": [
         *         {
         *           "role": "user",
         *           "content": "Plot sales by month."
         *         }
         *       ],
         *       "mode": "agent"
         *     }
         */
        ChatRequest: {
            /**
             * Messages
             * @example [
             *       {
             *         "content": "Plot sales by month.",
             *         "role": "user"
             *       }
             *     ]
             */
            messages: components["schemas"]["ChatMessage"][];
            /** @default agent */
            mode?: components["schemas"]["ChatMode"];
        };
        /**
         * CommRequest
         * @description What to say on a comm; binary buffers as base64.
         * @example {
         *       "action": "msg",
         *       "data": {
         *         "method": "update",
         *         "state": {
         *           "value": 7
         *         }
         *       }
         *     }
         */
        CommRequest: {
            /**
             * Action
             * @description Open it, send a message, or close it.
             * @default msg
             * @enum {string}
             */
            action?: "open" | "msg" | "close";
            /**
             * Buffers
             * @description Binary parts, in base64.
             */
            buffers?: string[];
            /**
             * Data
             * @description The message, by the protocol of whoever is at the other end.
             * @example {
             *       "method": "update",
             *       "state": {
             *         "value": 7
             *       }
             *     }
             */
            data?: {
                [key: string]: unknown;
            };
            /**
             * Metadata
             * @description Of the message.
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Target Name
             * @description Needed to open one.
             * @example my_target
             */
            target_name?: string | null;
        };
        /**
         * CompleteRequest
         * @description Where completions are wanted.
         * @example {
         *       "code": "pri",
         *       "cursor_pos": 3
         *     }
         */
        CompleteRequest: {
            /**
             * Code
             * @description The source so far.
             * @example import o
             */
            code: string;
            /**
             * Cursor Pos
             * @description In characters (code points).
             * @example 8
             */
            cursor_pos: number;
        };
        /**
         * CompleteResponse
         * @description Jupyter's complete_reply.
         * @example {
         *       "matches": [
         *         "price",
         *         "print"
         *       ],
         *       "cursor_start": 0,
         *       "cursor_end": 3,
         *       "metadata": {}
         *     }
         */
        CompleteResponse: {
            /**
             * Cursor End
             * @description Where it ends.
             * @default 0
             */
            cursor_end: number;
            /**
             * Cursor Start
             * @description Where what is to be replaced begins, in characters.
             * @default 0
             */
            cursor_start: number;
            /**
             * Matches
             * @description What may stand there.
             * @example [
             *       "os",
             *       "operator"
             *     ]
             */
            matches: string[];
            /**
             * Metadata
             * @description The kernel's own additions.
             */
            metadata: {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * CreateCellRequest
         * @description A cell to add. Without `index` and `after` it goes to the end.
         * @example {
         *       "index": 0,
         *       "source": "x = 20 + 1",
         *       "type": "python"
         *     }
         */
        CreateCellRequest: {
            /**
             * After
             * @description The cell it is to follow.
             */
            after?: string | null;
            config?: components["schemas"]["CellConfigPatch"] | null;
            /**
             * Id
             * @description Chosen by the client, if it wants to; must be new in the notebook.
             */
            id?: string | null;
            /**
             * Index
             * @description Place in document order, from 0.
             */
            index?: number | null;
            /**
             * Source
             * @description The cell's source.
             * @default
             * @example total = sum(prices)
             */
            source?: string;
            /** @default python */
            type?: components["schemas"]["CellType"];
        };
        /**
         * CreateNotebookRequest
         * @description A notebook to make; everything has a default.
         * @example {
         *       "cells": [
         *         {
         *           "source": "price = 3"
         *         },
         *         {
         *           "source": "price * 7"
         *         }
         *       ],
         *       "name": "Prices"
         *     }
         */
        CreateNotebookRequest: {
            /** Cells */
            cells?: components["schemas"]["CreateCellRequest"][];
            /**
             * Kernel Name
             * @description An installed kernelspec; left out, the default one.
             */
            kernel_name?: string | null;
            /**
             * Name
             * @description The notebook's name; in file storage also its file's.
             * @default Untitled
             * @example Prices
             */
            name?: string;
        };
        /**
         * Culprit
         * @description A cell that failed, or is kept from running, and blocks others.
         */
        Culprit: {
            /**
             * Cell
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell: string;
            /**
             * Label
             * @description Its heading or first line.
             * @example df = load()
             */
            label: string;
            /**
             * Message
             * @description What it failed with.
             * @example ZeroDivisionError: division by zero
             */
            message: string | null;
            status: components["schemas"]["CellStatus"];
        };
        /**
         * DatabaseRequest
         * @description A database connection for SQL cells; `url: null` goes back to DuckDB over the notebook's dataframes.
         * @example {
         *       "url": "postgresql://reader:secret@localhost/shop",
         *       "test": true
         *     }
         */
        DatabaseRequest: {
            /**
             * Test
             * @description Only try the connection; change nothing.
             * @default false
             */
            test?: boolean;
            /**
             * Url
             * @description SQLAlchemy's form of address.
             * @example postgresql://reader@localhost/shop
             */
            url?: string | null;
        };
        /**
         * DatabaseResponse
         * @description The connection as it may be shown: never with its password.
         * @example {
         *       "url": "postgresql://reader:***@localhost/shop",
         *       "dialect": "postgresql",
         *       "ok": true,
         *       "message": "Connected."
         *     }
         */
        DatabaseResponse: {
            /**
             * Dialect
             * @description The kind of database.
             * @example postgresql
             */
            dialect: string;
            /**
             * Message
             * @description For people.
             */
            message: string;
            /**
             * Ok
             * @description Whether it could be reached.
             */
            ok: boolean;
            /**
             * Url
             * @description Without its password.
             */
            url: string | null;
        };
        /**
         * DebugRequest
         * @description A request of the debug adapter protocol.
         * @example {
         *       "request": {
         *         "type": "request",
         *         "seq": 1,
         *         "command": "debugInfo",
         *         "arguments": {}
         *       }
         *     }
         */
        DebugRequest: {
            /**
             * Request
             * @description Passed on as it is.
             * @example {
             *       "arguments": {},
             *       "command": "debugInfo",
             *       "seq": 1,
             *       "type": "request"
             *     }
             */
            request: {
                [key: string]: unknown;
            };
        };
        /**
         * DebugResponse
         * @description The debugger's response.
         * @example {
         *       "response": {
         *         "type": "response",
         *         "request_seq": 1,
         *         "success": true,
         *         "command": "debugInfo"
         *       }
         *     }
         */
        DebugResponse: {
            /**
             * Response
             * @description As the kernel gave it.
             */
            response: {
                [key: string]: unknown;
            };
        };
        /**
         * DefinedBelow
         * @description A cell further down that binds a name, and why that is of no use.
         */
        DefinedBelow: {
            /**
             * Cell
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell: string;
            /**
             * Obstacle
             * @description `perhaps-used` (it is waited for once a run has failed for the name), `perhaps-bound`, `needed-there`, `changed-here` or `circle`.
             */
            obstacle: string;
            /**
             * Path
             * @description Of a circle: how that cell gets something from the one that was asked about.
             */
            path: components["schemas"]["CellStep"][];
        };
        /**
         * EdgeKind
         * @description The most that an edge's names are needed for.
         * @enum {string}
         */
        EdgeKind: "reads" | "late" | "passes";
        /**
         * ExportFormat
         * @description What a notebook can leave as.
         * @enum {string}
         */
        ExportFormat: "ipynb" | "py" | "html" | "md";
        /**
         * FieldProblem
         * @description One field that was refused.
         */
        FieldProblem: {
            /**
             * Field
             * @description Where it stands, as a path with dots.
             * @example cells.0.source
             */
            field: string;
            /**
             * Message
             * @description What is wrong with it.
             * @example is required
             */
            message: string;
        };
        /**
         * GraphCell
         * @description A node.
         */
        GraphCell: {
            /**
             * Changes
             * @description Names whose object it changes in place.
             */
            changes: string[];
            /**
             * Conflicts
             * @description Names that these cells define too, where a notebook does not allow that.
             */
            conflicts: {
                [key: string]: string[];
            };
            /**
             * Defines
             * @description Names that the cell binds, sorted.
             */
            defines: string[];
            /**
             * Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            id: string;
            /**
             * Label
             * @description Its heading or first line.
             * @example df = load()
             */
            label: string;
            mode: components["schemas"]["CellMode"];
            /**
             * Opaque
             * @description Constructs whose effect on names can't be seen before it runs.
             * @example [
             *       "from m import *"
             *     ]
             */
            opaque: string[];
            /**
             * Position
             * @description Its place on the page, from 0.
             */
            position: number;
            status: components["schemas"]["CellStatus"];
            type: components["schemas"]["CellType"];
            /**
             * Unresolved
             * @description Names that it needs and no cell provides.
             */
            unresolved: components["schemas"]["UnresolvedName"][];
            /**
             * Uses
             * @description Names that the cell reads, sorted; builtins left out.
             */
            uses: string[];
            /**
             * Withheld
             * @description Names that it does not get, since this cell is disabled.
             */
            withheld: {
                [key: string]: string;
            };
        };
        /**
         * GraphEdge
         * @description `to` gets `names` from `from`.
         */
        GraphEdge: {
            /**
             * Below
             * @description Whether `from` stands further down the page.
             * @default false
             */
            below: boolean;
            /**
             * From
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            from: string;
            /**
             * @description `reads`: the code uses one of them; `late`: only a function that it calls does; `passes`: they are perhaps bound anew, and else pass through.
             * @default reads
             */
            kind: components["schemas"]["EdgeKind"];
            /**
             * Names
             * @description The names, sorted.
             * @example [
             *       "df"
             *     ]
             */
            names: string[];
            /**
             * To
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            to: string;
        };
        /**
         * GraphFormat
         * @description How a graph may be told.
         * @enum {string}
         */
        GraphFormat: "json" | "dot" | "mermaid";
        /**
         * GraphResponse
         * @description Cells and edges, cells in document order.
         * @example {
         *       "cells": [
         *         {
         *           "id": "price",
         *           "label": "price = 3",
         *           "position": 0,
         *           "type": "python",
         *           "status": "success",
         *           "mode": "auto",
         *           "defines": [
         *             "price"
         *           ],
         *           "uses": [],
         *           "changes": [],
         *           "opaque": [],
         *           "unresolved": [],
         *           "withheld": {},
         *           "conflicts": {}
         *         },
         *         {
         *           "id": "total",
         *           "label": "total = price * 7",
         *           "position": 1,
         *           "type": "python",
         *           "status": "success",
         *           "mode": "auto",
         *           "defines": [
         *             "total"
         *           ],
         *           "uses": [
         *             "price"
         *           ],
         *           "changes": [],
         *           "opaque": [],
         *           "unresolved": [],
         *           "withheld": {},
         *           "conflicts": {}
         *         }
         *       ],
         *       "edges": [
         *         {
         *           "from": "price",
         *           "to": "total",
         *           "names": [
         *             "price"
         *           ],
         *           "kind": "reads",
         *           "below": false
         *         }
         *       ],
         *       "revision": 0
         *     }
         */
        GraphResponse: {
            /** Cells */
            cells: components["schemas"]["GraphCell"][];
            /** Edges */
            edges: components["schemas"]["GraphEdge"][];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
        };
        /**
         * Health
         * @description Whether the service answers, and how it is.
         * @example {
         *       "status": "ok",
         *       "version": "0.1.0"
         *     }
         */
        Health: {
            /**
             * Status
             * @description `ok`.
             * @example ok
             */
            status: string;
            /**
             * Version
             * @description Of reactive-nb.
             * @example 0.1.0
             */
            version: string;
        };
        /**
         * InputRequest
         * @description The line of text that a cell waits for.
         * @example {
         *       "value": "yes"
         *     }
         */
        InputRequest: {
            /**
             * Value
             * @description The line, without its end.
             * @example yes
             */
            value: string;
        };
        /**
         * InspectRequest
         * @description Where documentation is wanted.
         * @example {
         *       "code": "sorted",
         *       "cursor_pos": 6
         *     }
         */
        InspectRequest: {
            /**
             * Code
             * @description The source so far.
             * @example import o
             */
            code: string;
            /**
             * Cursor Pos
             * @description In characters (code points).
             * @example 8
             */
            cursor_pos: number;
            /**
             * Detail Level
             * @description 1: with the source, where the kernel has it.
             * @default 0
             * @enum {integer}
             */
            detail_level?: 0 | 1;
        };
        /**
         * InspectResponse
         * @description Jupyter's inspect_reply.
         * @example {
         *       "found": true,
         *       "data": {
         *         "text/plain": "Signature: sorted(iterable, /, *, key=None, reverse=False)"
         *       },
         *       "metadata": {}
         *     }
         */
        InspectResponse: {
            /**
             * Data
             * @description By media type.
             */
            data: {
                [key: string]: unknown;
            };
            /**
             * Found
             * @description Whether the kernel knows it.
             * @default false
             */
            found: boolean;
            /**
             * Metadata
             * @description The kernel's own additions.
             */
            metadata: {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * KernelModel
         * @description A notebook's kernel.
         */
        KernelModel: {
            /**
             * Language
             * @description The language it runs.
             * @default python
             */
            language: string;
            /**
             * Message
             * @description Why it is dead or would not start, or that its cell takes no notice of an interrupt.
             */
            message: string | null;
            /**
             * Name
             * @description Its kernelspec.
             * @example python3
             */
            name: string;
            state: components["schemas"]["KernelState"];
        };
        /**
         * KernelRequestResponse
         * @description Answer to an interrupt or a restart.
         * @example {
         *       "state": "idle",
         *       "message": null
         *     }
         */
        KernelRequestResponse: {
            /**
             * Message
             * @description For people.
             */
            message: string | null;
            /**
             * State
             * @description The kernel's state.
             * @example idle
             */
            state: string;
        };
        /**
         * KernelspecList
         * @description The installed kernels, by name.
         * @example {
         *       "kernelspecs": [
         *         {
         *           "name": "python3",
         *           "display_name": "Python 3 (ipykernel)",
         *           "language": "python",
         *           "default": true
         *         }
         *       ]
         *     }
         */
        KernelspecList: {
            /** Kernelspecs */
            kernelspecs: components["schemas"]["KernelspecModel"][];
        };
        /**
         * KernelspecModel
         * @description A kernel that a notebook can have.
         */
        KernelspecModel: {
            /**
             * Default
             * @description Whether notebooks that name no kernel get this one.
             */
            default: boolean;
            /**
             * Display Name
             * @description For people.
             * @example Python 3 (ipykernel)
             */
            display_name: string;
            /**
             * Language
             * @description The language it runs.
             * @example python
             */
            language: string;
            /**
             * Name
             * @description What `kernel_name` takes.
             * @example python3
             */
            name: string;
        };
        /**
         * KernelState
         * @description `none`: not started yet (it starts with the first run).
         * @enum {string}
         */
        KernelState: "none" | "starting" | "idle" | "busy" | "restarting" | "dead";
        /**
         * MoveWidgetRequest
         * @description New values of some of a widget's traits.
         * @example {
         *       "state": {
         *         "value": 7
         *       },
         *       "wait": 30
         *     }
         */
        MoveWidgetRequest: {
            /**
             * State
             * @description Traits and their new values.
             * @example {
             *       "value": 7
             *     }
             */
            state: {
                [key: string]: unknown;
            };
            /**
             * Wait
             * @description Seconds to wait for the cells that follow; left out, none.
             */
            wait?: number | null;
        };
        /**
         * NotebookList
         * @description A page of notebooks, newest first.
         * @example {
         *       "notebooks": [
         *         {
         *           "id": "5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10",
         *           "name": "Prices",
         *           "kernel_name": "python3",
         *           "cell_count": 2,
         *           "revision": 0,
         *           "created_at": "2027-01-08T09:00:00.482578Z",
         *           "updated_at": "2027-01-08T09:00:05.606286Z",
         *           "kernel_state": "idle"
         *         }
         *       ],
         *       "cursor": null
         *     }
         */
        NotebookList: {
            /**
             * Cursor
             * @description Pass it as `cursor` for the next page; null on the last.
             */
            cursor: string | null;
            /** Notebooks */
            notebooks: components["schemas"]["NotebookSummaryResponse"][];
        };
        /**
         * NotebookResponse
         * @description A whole notebook.
         * @example {
         *       "id": "5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10",
         *       "name": "Prices",
         *       "kernel_name": "python3",
         *       "kernel": {
         *         "name": "python3",
         *         "state": "idle",
         *         "language": "python",
         *         "message": null
         *       },
         *       "settings": {
         *         "mode": "auto",
         *         "redefinition": "allow",
         *         "restart_dead_kernel": false,
         *         "equal_results": false,
         *         "database": null
         *       },
         *       "cells": [
         *         {
         *           "id": "price",
         *           "type": "python",
         *           "source": "price = 3",
         *           "status": "success",
         *           "outputs": [],
         *           "execution_count": 1,
         *           "defines": [
         *             "price"
         *           ],
         *           "uses": [],
         *           "unresolved": [],
         *           "upstream": [],
         *           "downstream": [
         *             "total"
         *           ],
         *           "config": {
         *             "mode": "auto",
         *             "timeout": null,
         *             "continue_on_error": false,
         *             "result": null,
         *             "hide_source": false,
         *             "hide_output": false
         *           },
         *           "error": null,
         *           "stale_because": [],
         *           "started_at": "2027-01-08T09:00:04.102000Z",
         *           "duration_ms": 3.4,
         *           "revision": 0
         *         },
         *         {
         *           "id": "total",
         *           "type": "python",
         *           "source": "total = price * 7\ntotal",
         *           "status": "success",
         *           "outputs": [
         *             {
         *               "output_type": "execute_result",
         *               "execution_count": 2,
         *               "metadata": {},
         *               "data": {
         *                 "text/plain": "21"
         *               }
         *             }
         *           ],
         *           "execution_count": 2,
         *           "defines": [
         *             "total"
         *           ],
         *           "uses": [
         *             "price"
         *           ],
         *           "unresolved": [],
         *           "upstream": [
         *             "price"
         *           ],
         *           "downstream": [],
         *           "config": {
         *             "mode": "auto",
         *             "timeout": null,
         *             "continue_on_error": false,
         *             "result": null,
         *             "hide_source": false,
         *             "hide_output": false
         *           },
         *           "error": null,
         *           "stale_because": [],
         *           "started_at": "2027-01-08T09:00:04.102000Z",
         *           "duration_ms": 3.4,
         *           "revision": 0
         *         }
         *       ],
         *       "revision": 0,
         *       "created_at": "2027-01-08T09:00:00.482578Z",
         *       "updated_at": "2027-01-08T09:00:05.606286Z",
         *       "storage_problem": null
         *     }
         */
        NotebookResponse: {
            /** Cells */
            cells: components["schemas"]["CellResponse"][];
            /**
             * Created At
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Id
             * @description A notebook's UUID.
             * @example 5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10
             */
            id: string;
            kernel: components["schemas"]["KernelModel"];
            /**
             * Kernel Name
             * @description Its kernelspec.
             * @example python3
             */
            kernel_name: string;
            /**
             * Name
             * @description The notebook's name; in file storage also its file's.
             * @example Prices
             */
            name: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
            settings: components["schemas"]["SettingsModel"];
            /**
             * Storage Problem
             * @description Why the latest changes are kept in memory only, and not stored yet; null: they are.
             */
            storage_problem: string | null;
            /**
             * Updated At
             * Format: date-time
             * @description When its document was last changed.
             */
            updated_at: string;
        };
        /**
         * NotebookSummaryResponse
         * @description A notebook in a list.
         */
        NotebookSummaryResponse: {
            /**
             * Cell Count
             * @description How many cells it has.
             * @example 12
             */
            cell_count: number;
            /**
             * Created At
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Id
             * @description A notebook's UUID.
             * @example 5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10
             */
            id: string;
            /**
             * Kernel Name
             * @description Its kernelspec.
             * @example python3
             */
            kernel_name: string;
            /**
             * @description Of its kernel; `none` if it has none.
             * @default none
             */
            kernel_state: components["schemas"]["KernelState"];
            /**
             * Name
             * @description The notebook's name; in file storage also its file's.
             * @example Prices
             */
            name: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
            /**
             * Updated At
             * Format: date-time
             * @description When its document was last changed.
             */
            updated_at: string;
        };
        /**
         * NotebookUpdateItem
         * @description Rename the notebook or change its settings.
         */
        NotebookUpdateItem: {
            /** Name */
            name?: string | null;
            settings?: components["schemas"]["SettingsRequest"] | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "notebook.update";
        };
        /**
         * PlanGround
         * @description Why a cell would run.
         */
        PlanGround: {
            /** Cell */
            cell: string | null;
            /**
             * Kind
             * @description `asked`; `stale` (what is stale was asked for); `needed` (it is stale, and `cell` gets names from it); `recreates` (`cell` needs an object of its as it was, which another has changed in place); `depends` (it gets names from `cell`, which runs).
             * @example depends
             */
            kind: string;
            /**
             * Message
             * @description For people.
             * @example It gets df from cell load-data, which runs.
             */
            message: string;
            /**
             * Names
             * @description The names it is about.
             * @example [
             *       "df"
             *     ]
             */
            names: string[];
        };
        /**
         * PlannedCell
         * @description A cell that would run.
         */
        PlannedCell: {
            /**
             * Because
             * @description At most five.
             */
            because: components["schemas"]["PlanGround"][];
            /**
             * Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            id: string;
            /**
             * Label
             * @description Its heading or first line.
             * @example total = df.sum()
             */
            label: string;
            /**
             * Stale Because
             * @description Why it is stale, or has not run; empty if it is fresh.
             */
            stale_because: components["schemas"]["StaleReason"][];
            status: components["schemas"]["CellStatus"];
        };
        /**
         * PlanResponse
         * @description What would run, in this order, as far as can be told before anything has run.
         * @example {
         *       "plan": [
         *         {
         *           "id": "price",
         *           "label": "price = 5",
         *           "status": "stale",
         *           "because": [
         *             {
         *               "kind": "stale",
         *               "names": [],
         *               "cell": null,
         *               "message": "It is stale."
         *             }
         *           ],
         *           "stale_because": [
         *             {
         *               "kind": "edited",
         *               "names": [],
         *               "cell": null,
         *               "was": null,
         *               "message": "It was edited since it ran."
         *             }
         *           ]
         *         }
         *       ],
         *       "revision": 1
         *     }
         */
        PlanResponse: {
            /** Plan */
            plan: components["schemas"]["PlannedCell"][];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
        };
        /**
         * Problem
         * @description What went wrong and what to do about it. See RFC 9457.
         * @example {
         *       "type": "/problems/no-such-cell",
         *       "title": "No such cell",
         *       "status": 404,
         *       "detail": "There is no cell 'totl' in this notebook.",
         *       "instance": "/api/v1/notebooks/5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10/cells/totl",
         *       "request_id": "6246317428fd469993abaa8b4b78c9b7"
         *     }
         */
        Problem: {
            /**
             * Current
             * @description The current state, when a write was out of date.
             * @default null
             */
            current?: {
                [key: string]: unknown;
            } | null;
            /**
             * Detail
             * @description What is wrong this time, for people.
             * @example There is no notebook with this id.
             */
            detail: string;
            /**
             * Errors
             * @description The fields that were refused.
             * @default null
             */
            errors?: components["schemas"]["FieldProblem"][] | null;
            /**
             * Instance
             * @description The path that was asked for.
             * @default null
             */
            instance?: string | null;
            /**
             * Request Id
             * @description The id under which the server's log knows the request.
             * @default null
             */
            request_id?: string | null;
            /**
             * Status
             * @description The answer's status.
             * @example 404
             */
            status: number;
            /**
             * Title
             * @description What kind of problem it is.
             * @example Not found
             */
            title: string;
            /**
             * Type
             * @description Stable and machine-readable.
             * @example /problems/not-found
             */
            type: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * Readiness
         * @description Whether the service can do its work; each part says `ok` or what is wrong.
         * @example {
         *       "status": "ready",
         *       "checks": {
         *         "storage": "ok",
         *         "kernels": "ok"
         *       }
         *     }
         */
        Readiness: {
            /**
             * Checks
             * @description By part.
             * @example {
             *       "kernels": "ok",
             *       "storage": "ok"
             *     }
             */
            checks: {
                [key: string]: string;
            };
            /**
             * Status
             * @description `ready`.
             * @example ready
             */
            status: string;
        };
        /**
         * Redefinition
         * @description What to make of a name that several cells define.
         * @enum {string}
         */
        Redefinition: "allow" | "warn" | "error";
        /**
         * RenameRequest
         * @description A notebook's new name.
         * @example {
         *       "name": "Prices 2027"
         *     }
         */
        RenameRequest: {
            /**
             * Name
             * @description The notebook's name; in file storage also its file's.
             * @example Prices
             */
            name: string;
        };
        /**
         * RunCell
         * @description What a run made of one cell.
         */
        RunCell: {
            /**
             * Duration Ms
             * @description How long the cell's last run took.
             */
            duration_ms: number | null;
            error: components["schemas"]["CellErrorModel"] | null;
            /**
             * Execution Count
             * @description The kernel's number of the cell's last run; null: it has not run.
             */
            execution_count: number | null;
            /**
             * Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            id: string;
            /**
             * Outputs
             * @description In nbformat's shape.
             */
            outputs: {
                [key: string]: unknown;
            }[];
            status: components["schemas"]["CellStatus"];
        };
        /**
         * RunMode
         * @description `auto`: running a cell runs all that depends on it. `lazy`: what depends on it is only shown as stale.
         * @enum {string}
         */
        RunMode: "auto" | "lazy";
        /**
         * RunRequest
         * @description Which cells to run, and how long to wait for the end.
         * @example {
         *       "wait": 30
         *     }
         * @example {
         *       "cells": [
         *         "load-data"
         *       ]
         *     }
         * @example {
         *       "from_cell": "load-data"
         *     }
         * @example {
         *       "all": true
         *     }
         * @example {
         *       "plan": true
         *     }
         */
        RunRequest: {
            /**
             * All
             * @description Every cell again, stale or not, in the same kernel.
             * @default false
             */
            all?: boolean;
            /**
             * Cells
             * @description These, stale or not, with their stale ancestors.
             */
            cells?: string[] | null;
            /**
             * From Cell
             * @description This cell, and whatever at its place on the page or below is stale or depends on what runs.
             */
            from_cell?: string | null;
            /**
             * Plan
             * @description Only answer what would run, in which order and why. Nothing is run.
             * @default false
             */
            plan?: boolean;
            /**
             * Up To Cell
             * @description What is stale at this cell's place on the page or above; nothing below runs because it depends on that.
             */
            up_to_cell?: string | null;
            /**
             * Wait
             * @description Seconds to wait for the end; left out, the answer comes at once.
             */
            wait?: number | null;
        };
        /**
         * RunResponse
         * @description A run: its cells in the order in which they run.
         * @example {
         *       "run_id": "263712760d94",
         *       "state": "finished",
         *       "cells": [
         *         {
         *           "id": "price",
         *           "status": "success",
         *           "outputs": [],
         *           "execution_count": 1,
         *           "error": null,
         *           "duration_ms": 0.6
         *         },
         *         {
         *           "id": "total",
         *           "status": "success",
         *           "outputs": [
         *             {
         *               "output_type": "execute_result",
         *               "execution_count": 2,
         *               "metadata": {},
         *               "data": {
         *                 "text/plain": "21"
         *               }
         *             }
         *           ],
         *           "execution_count": 2,
         *           "error": null,
         *           "duration_ms": 0.6
         *         }
         *       ],
         *       "message": null,
         *       "revision": 0
         *     }
         */
        RunResponse: {
            /** Cells */
            cells: components["schemas"]["RunCell"][];
            /**
             * Message
             * @description Why it ended early, or what it waits for.
             */
            message: string | null;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            revision: number;
            /**
             * Run Id
             * @description By which answers and events name a run.
             * @example 3d63e4ca45eb
             */
            run_id: string;
            state: components["schemas"]["RunState"];
        };
        /**
         * RunState
         * @description How a run stands.
         * @enum {string}
         */
        RunState: "running" | "finished" | "interrupted" | "failed";
        /**
         * SettingsModel
         * @description A notebook's choices about reactivity.
         */
        SettingsModel: {
            /**
             * Database
             * @description What SQL cells run on, without its password; null: DuckDB. Set with `PUT …/db`.
             */
            database: string | null;
            /**
             * Equal Results
             * @description Whether cells stay fresh when what they need was made again and is equal to what it was.
             * @default false
             */
            equal_results: boolean;
            /**
             * @description `auto` runs what depends on a cell; `lazy` only marks it stale.
             * @default auto
             */
            mode: components["schemas"]["RunMode"];
            /** @default allow */
            redefinition: components["schemas"]["Redefinition"];
            /**
             * Restart Dead Kernel
             * @description Whether a kernel that died is started again unasked.
             * @default false
             */
            restart_dead_kernel: boolean;
        };
        /**
         * SettingsRequest
         * @description The settings to change; what is left out stays.
         * @example {
         *       "mode": "lazy"
         *     }
         */
        SettingsRequest: {
            /**
             * Equal Results
             * @description Whether cells stay fresh when what they need was made again and is equal to what it was.
             */
            equal_results?: boolean | null;
            /**
             * Kernel Name
             * @description An installed kernelspec; the old kernel is shut down.
             */
            kernel_name?: string | null;
            mode?: components["schemas"]["RunMode"] | null;
            redefinition?: components["schemas"]["Redefinition"] | null;
            /**
             * Restart Dead Kernel
             * @description Whether a kernel that died is started again unasked.
             */
            restart_dead_kernel?: boolean | null;
        };
        /**
         * StaleCause
         * @description A cell that is outdated by itself, and how that reaches the cell that was asked about.
         */
        StaleCause: {
            /** Because */
            because: components["schemas"]["StaleReason"][];
            /**
             * Cell
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell: string;
            /**
             * Label
             * @description Its heading or first line.
             * @example df = load()
             */
            label: string;
            /**
             * Manual
             * @description Whether it runs only when it is asked to itself.
             */
            manual: boolean;
            /**
             * Path
             * @description From there to the cell that was asked about; empty for itself.
             */
            path: components["schemas"]["CellStep"][];
        };
        /**
         * StaleReason
         * @description A reason why a cell is stale: what a run would use now that its last run did not.
         */
        StaleReason: {
            /**
             * Cell
             * @description The cell that did it, or that the names come from now.
             */
            cell: string | null;
            /**
             * Kind
             * @description Of its own: `edited`; `never-ran`; `opened` (not run since the notebook was opened), `kernel-restarted`, `kernel-died`, `kernel-ended`, `kernel-replaced`, `foreign-run` (its run does not count any more); `interrupted`, `unfinished`; `waits` (for a name from further down); `input-ran` (a provider has run again), `input-moved` (names come from another cell now), `input-new`, `input-gone`, `input-disabled`; `defined-twice`; `changed-in-place`; `widget-moved`; `above-ran` (in a language that can't be analysed). Not of its own: `input-stale` (a provider is stale; look there for why).
             * @example input-stale
             */
            kind: string;
            /**
             * Message
             * @description For people.
             * @example df comes from cell load-data, which is stale.
             */
            message: string;
            /**
             * Names
             * @description The names it is about.
             * @example [
             *       "df"
             *     ]
             */
            names: string[];
            /**
             * Was
             * @description The cell that the names came from when the cell ran.
             */
            was: string | null;
        };
        /**
         * TableColumn
         * @description A column of a table.
         */
        TableColumn: {
            /**
             * Name
             * @description As people know it; names may come twice.
             * @example month
             */
            name: string;
            /**
             * Type
             * @description As the library has it.
             * @example int64
             */
            type: string;
        };
        /**
         * UnresolvedName
         * @description A name that a cell uses and no cell provides.
         */
        UnresolvedName: {
            below: components["schemas"]["DefinedBelow"] | null;
            /**
             * Certain
             * @description Whether the cell must fail without it.
             */
            certain: boolean;
            /**
             * Disabled
             * @description The disabled cell that would provide it.
             */
            disabled: string | null;
            /**
             * Message
             * @description For people.
             * @example No cell defines dataframe; do you mean data_frame?
             */
            message: string;
            /**
             * Name
             * @description As it stands in the source.
             * @example dataframe
             */
            name: string;
            /**
             * Similar
             * @description Names that may be meant, nearest first.
             * @example [
             *       "data_frame"
             *     ]
             */
            similar: string[];
            /**
             * Unseen
             * @description A cell that has not run, and may bind it in a way nobody can see.
             */
            unseen: string | null;
        };
        /**
         * UpdateCellRequest
         * @description What to change of a cell; what is left out stays. Nothing runs by itself: cells become stale.
         * @example {
         *       "source": "x = 20 + 2"
         *     }
         */
        UpdateCellRequest: {
            /**
             * Base Revision
             * @description The revision the client has seen: refused with 409 if this cell has changed since.
             */
            base_revision?: number | null;
            config?: components["schemas"]["CellConfigPatch"] | null;
            /**
             * Index
             * @description Move the cell to this place in document order, from 0.
             */
            index?: number | null;
            /** Source */
            source?: string | null;
            type?: components["schemas"]["CellType"] | null;
        };
        /**
         * Variable
         * @description One name in the kernel.
         */
        Variable: {
            /**
             * Cell
             * @description The cell that defined it.
             */
            cell: string | null;
            /**
             * Name
             * @description The variable's name.
             * @example df
             */
            name: string;
            /**
             * Preview
             * @description At most 200 characters.
             */
            preview: string;
            /**
             * Shape
             * @description Rows, columns, … where it has any; the length of a container.
             */
            shape: number[] | null;
            /**
             * Size
             * @description Bytes, where that is cheap to know.
             */
            size: number | null;
            /**
             * Type
             * @description Its value's type.
             * @example DataFrame
             */
            type: string;
        };
        /**
         * VariablePage
         * @description A page of a table, or of a list.
         * @example {
         *       "name": "sales",
         *       "type": "DataFrame",
         *       "kind": "dataframe",
         *       "total": 6,
         *       "matching": 6,
         *       "offset": 0,
         *       "columns": [
         *         {
         *           "name": "month",
         *           "type": "object"
         *         },
         *         {
         *           "name": "pieces",
         *           "type": "int64"
         *         }
         *       ],
         *       "columns_total": 2,
         *       "places": [
         *         0,
         *         1
         *       ],
         *       "rows": [
         *         [
         *           "Jan",
         *           34
         *         ],
         *         [
         *           "Feb",
         *           41
         *         ]
         *       ]
         *     }
         */
        VariablePage: {
            /**
             * Columns
             * @description Of very many, the first.
             */
            columns: components["schemas"]["TableColumn"][];
            /**
             * Columns Total
             * @description Columns in all.
             */
            columns_total: number;
            /**
             * Kind
             * @description `dataframe`, `series`, `array`, `list`, `dict`, `set`, or `value`: it is no table.
             */
            kind: string;
            /**
             * Matching
             * @description Rows that the filters leave.
             */
            matching: number;
            /**
             * Name
             * @description The variable's name.
             * @example df
             */
            name: string;
            /**
             * Offset
             * @description The first row of this page, from 0.
             */
            offset: number;
            /**
             * Places
             * @description Where each of these rows stands in the whole, from 0.
             */
            places: number[];
            /**
             * Rows
             * @description Values as JSON where it has them, else as text.
             */
            rows: unknown[][];
            /**
             * Total
             * @description Rows in all.
             */
            total: number;
            /**
             * Type
             * @description Its value's type.
             * @example DataFrame
             */
            type: string;
        };
        /**
         * VariablesResponse
         * @description The notebook's variables, sorted by name.
         * @example {
         *       "variables": [
         *         {
         *           "name": "price",
         *           "type": "int",
         *           "shape": null,
         *           "size": 28,
         *           "preview": "3",
         *           "cell": "price"
         *         },
         *         {
         *           "name": "sales",
         *           "type": "DataFrame",
         *           "shape": [
         *             6,
         *             2
         *           ],
         *           "size": 580,
         *           "preview": "…",
         *           "cell": "load-data"
         *         }
         *       ]
         *     }
         */
        VariablesResponse: {
            /** Variables */
            variables: components["schemas"]["Variable"][];
        };
        /**
         * Widget
         * @description A widget that lives in the kernel.
         */
        Widget: {
            /**
             * Comm Id
             * @description Its comm, by which `comm.msg` speaks to it.
             */
            comm_id: string;
            /**
             * Model
             * @description Its model's name.
             * @example IntSliderModel
             */
            model: string;
            /**
             * Module
             * @description Where that comes from.
             * @example @jupyter-widgets/controls
             */
            module: string;
            /**
             * Names
             * @description The variables that it is bound to, sorted.
             * @example [
             *       "slider"
             *     ]
             */
            names: string[];
            /**
             * Read By
             * @description Cells that have looked at it, and run when it is moved.
             */
            read_by: string[];
            /**
             * State
             * @description Its traits, without private and binary ones.
             * @example {
             *       "max": 100,
             *       "min": 0,
             *       "value": 7
             *     }
             */
            state: {
                [key: string]: unknown;
            };
        };
        /**
         * WidgetModule
         * @description The code of a library of widgets for browsers, as it is installed beside the kernel.
         *
         *     It is to be trusted as little as an output: where it runs it should reach nothing.
         * @example {
         *       "module": "ipycanvas",
         *       "source": "define([\"@jupyter-widgets/base\"], (base) => ({}));"
         *     }
         */
        WidgetModule: {
            /**
             * Module
             * @description As widgets name it in `_model_module`.
             * @example ipycanvas
             */
            module: string;
            /**
             * Source
             * @description A module for AMD loaders.
             */
            source: string;
        };
        /**
         * WidgetMoved
         * @description The widget, and the cells that look at it with all that depends on them.
         * @example {
         *       "widget": {
         *         "comm_id": "0d9a7e1c2b3f4a5d8e6f",
         *         "names": [
         *           "slider"
         *         ],
         *         "model": "IntSliderModel",
         *         "module": "@jupyter-widgets/controls",
         *         "state": {
         *           "value": 7,
         *           "min": 0,
         *           "max": 100
         *         },
         *         "read_by": [
         *           "best"
         *         ]
         *       },
         *       "settled": true,
         *       "cells": [
         *         {
         *           "id": "best",
         *           "status": "success",
         *           "outputs": [],
         *           "execution_count": 12,
         *           "error": null,
         *           "duration_ms": 0.6
         *         }
         *       ]
         *     }
         */
        WidgetMoved: {
            /** Cells */
            cells: components["schemas"]["RunCell"][];
            /**
             * Settled
             * @description Whether all that follows has run.
             */
            settled: boolean;
            widget: components["schemas"]["Widget"];
        };
        /**
         * WidgetsResponse
         * @description The kernel's widgets, in the order of their making.
         * @example {
         *       "widgets": [
         *         {
         *           "comm_id": "0d9a7e1c2b3f4a5d8e6f",
         *           "names": [
         *             "slider"
         *           ],
         *           "model": "IntSliderModel",
         *           "module": "@jupyter-widgets/controls",
         *           "state": {
         *             "value": 7,
         *             "min": 0,
         *             "max": 100
         *           },
         *           "read_by": [
         *             "best"
         *           ]
         *         }
         *       ]
         *     }
         */
        WidgetsResponse: {
            /** Widgets */
            widgets: components["schemas"]["Widget"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description Server-sent events `text`, `tool_call`, `tool_result`, and at last `end` or `error`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many conversations */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Chat not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kernelspecs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelspecList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus's text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; version=0.0.4; charset=utf-8": unknown;
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_notebooks: {
        parameters: {
            query?: {
                /** @description From the page before. */
                cursor?: string | null;
                /** @description Notebooks a page, at most. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookList"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_notebook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreateNotebookRequest"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_notebook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_notebook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_cell: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateCellRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_cell: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell's id. */
                cell_id: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_cell: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The cell's id. */
                cell_id: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateCellRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_cell: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The cell's id. */
                cell_id: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_cell: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell's id. */
                cell_id: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellWhy"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    speak: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The comm's id. */
                comm_id: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    complete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompleteRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CompleteResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_database: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatabaseResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_database: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatabaseRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatabaseResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_database: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    debug: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DebugRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DebugResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_notebook: {
        parameters: {
            query?: {
                /** @description What to make of it. */
                format?: components["schemas"]["ExportFormat"];
                /** @description Whether with what its runs have left. */
                outputs?: boolean;
            };
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ipynb+json": unknown;
                    "text/html; charset=utf-8": unknown;
                    "text/markdown; charset=utf-8": unknown;
                    "text/x-python; charset=utf-8": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_graph: {
        parameters: {
            query?: {
                /** @description `dot` and `mermaid`: text that programs draw. */
                format?: components["schemas"]["GraphFormat"];
            };
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GraphResponse"];
                    "text/vnd.graphviz": unknown;
                    "text/vnd.mermaid": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reply_input: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InputRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    inspect: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InspectRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InspectResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    interrupt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelRequestResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rename_notebook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_output: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its content hash. */
                digest: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The output, in its own media type. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such output */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelRequestResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunRequest"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunResponse"] | components["schemas"]["PlanResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such cell */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many runs */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_settings: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date. */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Out of date */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    shut_down: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelRequestResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_variables: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariablesResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_variable: {
        parameters: {
            query?: {
                /** @description What this cell has made of the name; else what the name holds now. */
                cell?: string | null;
                /** @description Largest first. */
                descending?: boolean;
                /** @description `column:comparison:text`, the column by its place. Comparisons: `contains` (whatever the case), `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `missing`, `present`. All of them have to fit. */
                filter?: string[];
                /** @description Rows, at most. */
                limit?: number;
                /** @description The first row, from 0, of those that the filters leave. */
                offset?: number;
                /** @description The place of the column to sort by, from 0. What is missing comes last. */
                sort?: number | null;
            };
            header?: never;
            path: {
                /** @description The variable's name. */
                name: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariablePage"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such variable */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_widgets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WidgetsResponse"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    move_widget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook's UUID. */
                notebook_id: string;
                /** @description A variable's name, or a comm's id. */
                widget: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveWidgetRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WidgetMoved"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such widget */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_module: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The module's name. */
                module: string;
                /** @description The notebook's UUID. */
                notebook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WidgetModule"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such notebook, or: no such module of widgets */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kernel not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import_notebook: {
        parameters: {
            query?: {
                /** @description The name it gets; left out, the file's own. */
                name?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The file itself. */
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "application/x-ipynb+json": Record<string, never>;
                "text/x-python": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookResponse"];
                };
            };
            /** @description Malformed request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Origin or host not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Invalid request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Storage not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
