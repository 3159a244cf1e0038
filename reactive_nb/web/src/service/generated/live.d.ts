// Made by scripts/types.mjs from the service's own description; not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Auth
         * @description The first message of a client that could send no header: within 10 seconds.
         */
        Auth: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Token
             * @description As in the Authorization header, without `Bearer`.
             */
            token: string;
            /**
             * Type
             * @constant
             */
            type: "auth";
        };
        /**
         * AuthRenew
         * @description A fresh token of the same user and session, before the old one expires.
         */
        AuthRenew: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Token
             * @description As in the Authorization header, without `Bearer`.
             */
            token: string;
            /**
             * Type
             * @constant
             */
            type: "auth.renew";
        };
        /**
         * Batch
         * @description Several changes of the document: one revision, all or nothing; the result has `cell_ids` of the added.
         */
        Batch: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * If Match
             * @description The notebook's revision that the client has seen.
             * @default null
             */
            if_match?: number | null;
            /** Operations */
            operations: (components["schemas"]["CellAddItem"] | components["schemas"]["CellUpdateItem"] | components["schemas"]["CellMoveItem"] | components["schemas"]["CellRemoveItem"] | components["schemas"]["NotebookUpdateItem"])[];
            /**
             * Type
             * @constant
             */
            type: "batch";
        };
        /**
         * CellAdd
         * @description Add a cell; the reply's result has its `cell_id`.
         */
        CellAdd: {
            cell: components["schemas"]["CreateCellRequest"];
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * If Match
             * @description The notebook's revision that the client has seen.
             * @default null
             */
            if_match?: number | null;
            /**
             * Type
             * @constant
             */
            type: "cell.add";
        };
        /**
         * CellAdded
         * @description A new cell, at this place in document order.
         */
        CellAdded: {
            cell: components["schemas"]["CellResponse"];
            /**
             * Index
             * @description A place in document order, from 0.
             * @example 0
             */
            index: number;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default cell.added
             * @constant
             */
            type: "cell.added";
        };
        /**
         * CellAddItem
         * @description Add a cell.
         */
        CellAddItem: {
            cell: components["schemas"]["CreateCellRequest"];
            /**
             * Type
             * @constant
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
             * @default null
             * @example totals
             */
            result: string | null;
            /**
             * Timeout
             * @description Seconds after which the cell is interrupted.
             * @default null
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
             * @default null
             */
            continue_on_error?: boolean | null;
            /**
             * Hide Output
             * @description Whether the page shows the source only.
             * @default null
             */
            hide_output?: boolean | null;
            /**
             * Hide Source
             * @description Whether the page shows the outputs only.
             * @default null
             */
            hide_source?: boolean | null;
            /** @default null */
            mode?: components["schemas"]["CellMode"] | null;
            /**
             * Result
             * @description The name an SQL cell's result gets.
             * @default null
             * @example totals
             */
            result?: string | null;
            /**
             * Timeout
             * @description Seconds after which the cell is interrupted; null: none.
             * @default null
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
             * @default null
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
         * CellMove
         * @description Move a cell to another place in document order.
         */
        CellMove: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * If Match
             * @description The notebook's revision that the client has seen.
             * @default null
             */
            if_match?: number | null;
            /**
             * Index
             * @description Its place in document order, from 0.
             */
            index: number;
            /**
             * Type
             * @constant
             */
            type: "cell.move";
        };
        /**
         * CellMoved
         * @description A cell now stands at this place.
         */
        CellMoved: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Index
             * @description A place in document order, from 0.
             * @example 0
             */
            index: number;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default cell.moved
             * @constant
             */
            type: "cell.moved";
        };
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
             * Type
             * @constant
             */
            type: "cell.move";
        };
        /**
         * CellNames
         * @description A cell's names and neighbours.
         */
        CellNames: {
            /**
             * Conflicts
             * @description As in the graph.
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
             * Downstream
             * @description Cells that get names from it, in document order.
             */
            downstream: string[];
            /**
             * Edges
             * @description The edges that end in this cell.
             */
            edges: components["schemas"]["GraphEdge"][];
            /**
             * Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            id: string;
            /**
             * Unresolved
             * @description Names that it needs and no cell provides.
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
            /**
             * Withheld
             * @description As in the graph.
             */
            withheld: {
                [key: string]: string;
            };
        };
        /**
         * CellRemove
         * @description Remove a cell.
         */
        CellRemove: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * If Match
             * @description The notebook's revision that the client has seen.
             * @default null
             */
            if_match?: number | null;
            /**
             * Type
             * @constant
             */
            type: "cell.remove";
        };
        /**
         * CellRemoved
         * @description A cell is gone.
         */
        CellRemoved: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default cell.removed
             * @constant
             */
            type: "cell.removed";
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
             * Type
             * @constant
             */
            type: "cell.remove";
        };
        /**
         * CellResponse
         * @description A cell as it stands.
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
         * CellRun
         * @description Run one cell, with its stale ancestors and what depends on it.
         */
        CellRun: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "cell.run";
        };
        /**
         * CellStatus
         * @description Where a cell stands. All but `queued` and `running` follow from what its last run used.
         * @enum {string}
         */
        CellStatus: "idle" | "queued" | "running" | "success" | "error" | "blocked" | "stale" | "disabled";
        /**
         * CellStatusEvent
         * @description A cell's status, and what goes with it.
         */
        CellStatusEvent: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Duration Ms
             * @description How long the cell's last run took.
             * @default null
             */
            duration_ms: number | null;
            /** @default null */
            error: components["schemas"]["CellErrorModel"] | null;
            /**
             * Execution Count
             * @description The kernel's number of the cell's last run; null: it has not run.
             * @default null
             */
            execution_count: number | null;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Stale Because
             * @description Why it is stale, if it is.
             */
            stale_because: components["schemas"]["StaleReason"][];
            /**
             * Started At
             * @description When its last run began.
             * @default null
             */
            started_at: string | null;
            status: components["schemas"]["CellStatus"];
            /**
             * Type
             * @default cell.status
             * @constant
             */
            type: "cell.status";
        };
        /**
         * CellType
         * @description What a cell holds. `code` is the kernel's own language where that is not Python; `raw` is kept and never run.
         * @enum {string}
         */
        CellType: "python" | "sql" | "markdown" | "code" | "raw";
        /**
         * CellUpdate
         * @description Change a cell's source, type or config.
         */
        CellUpdate: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            changes: components["schemas"]["UpdateCellRequest"];
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * If Match
             * @description The notebook's revision that the client has seen.
             * @default null
             */
            if_match?: number | null;
            /**
             * Type
             * @constant
             */
            type: "cell.update";
        };
        /**
         * CellUpdated
         * @description A cell's source, type or config was changed; the whole cell as it now stands, without its outputs.
         */
        CellUpdated: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Cell Revision
             * @description Grows by one with each change of the document.
             * @example 12
             */
            cell_revision: number;
            /**
             * Cell Type
             * @description As `type` of a cell.
             * @example python
             */
            cell_type: string;
            /**
             * Config
             * @description As `config` of a cell.
             */
            config: {
                [key: string]: unknown;
            };
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Source
             * @description The cell's source.
             * @example total = sum(prices)
             */
            source: string;
            /**
             * Type
             * @default cell.updated
             * @constant
             */
            type: "cell.updated";
        };
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
             * Type
             * @constant
             */
            type: "cell.update";
        };
        ClientCommand: components["schemas"]["Auth"] | components["schemas"]["AuthRenew"] | components["schemas"]["CellAdd"] | components["schemas"]["CellUpdate"] | components["schemas"]["CellMove"] | components["schemas"]["CellRemove"] | components["schemas"]["CellRun"] | components["schemas"]["NotebookRun"] | components["schemas"]["NotebookUpdate"] | components["schemas"]["KernelInterrupt"] | components["schemas"]["KernelRestart"] | components["schemas"]["KernelShutdown"] | components["schemas"]["InputReply"] | components["schemas"]["Complete"] | components["schemas"]["Inspect"] | components["schemas"]["Debug"] | components["schemas"]["CommOpen"] | components["schemas"]["CommMsg"] | components["schemas"]["CommClose"] | components["schemas"]["PresenceUpdate"] | components["schemas"]["Batch"];
        /**
         * CommClose
         * @description Close a comm.
         */
        CommClose: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers?: number;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Metadata
             * @description Of the message.
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Type
             * @constant
             */
            type: "comm.close";
        };
        /**
         * CommClosed
         * @description A comm is closed.
         */
        CommClosed: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers: number;
            /**
             * Cell Id
             * @default null
             */
            cell_id: string | null;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
            data: {
                [key: string]: unknown;
            };
            /**
             * Metadata
             * @description Of the message.
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default comm.close
             * @constant
             */
            type: "comm.close";
        };
        /**
         * CommMessage
         * @description A message on a comm, from the kernel, or from another client (`client_id`).
         */
        CommMessage: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers: number;
            /**
             * Cell Id
             * @default null
             */
            cell_id: string | null;
            /**
             * Client Id
             * @description The client that said it; null: the kernel.
             * @default null
             */
            client_id: string | null;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
            data: {
                [key: string]: unknown;
            };
            /**
             * Metadata
             * @description Of the message.
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default comm.msg
             * @constant
             */
            type: "comm.msg";
        };
        /**
         * CommMsg
         * @description A message on an open comm.
         */
        CommMsg: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers?: number;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Metadata
             * @description Of the message.
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Type
             * @constant
             */
            type: "comm.msg";
        };
        /**
         * CommOpen
         * @description Open a comm towards the kernel.
         */
        CommOpen: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers?: number;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Metadata
             * @description Of the message.
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Target Name
             * @description Who is to answer at the other end.
             * @example jupyter.widget
             */
            target_name: string;
            /**
             * Type
             * @constant
             */
            type: "comm.open";
        };
        /**
         * CommOpened
         * @description The kernel or a client opened a comm.
         */
        CommOpened: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers: number;
            /**
             * Cell Id
             * @default null
             */
            cell_id: string | null;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
            data: {
                [key: string]: unknown;
            };
            /**
             * Metadata
             * @description Of the message.
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Target Name
             * @description Who is to answer at the other end.
             * @example jupyter.widget
             */
            target_name: string;
            /**
             * Type
             * @default comm.open
             * @constant
             */
            type: "comm.open";
        };
        /**
         * CommState
         * @description A comm that is open, with all that was said of its state.
         */
        CommState: {
            /**
             * Buffers
             * @description How many of the binary frames that follow are its own, in order of the comms.
             * @default 0
             */
            buffers: number;
            /**
             * Comm Id
             * @description By which both ends name a comm.
             * @example 0d9a7e1c2b3f4a5d8e6f
             */
            comm_id: string;
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
            data: {
                [key: string]: unknown;
            };
            /**
             * Metadata
             * @description Of the message.
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Target Name
             * @description Who is to answer at the other end.
             * @example jupyter.widget
             */
            target_name: string;
        };
        /**
         * Complete
         * @description Completions at a place in a source; the reply carries Jupyter's complete_reply.
         */
        Complete: {
            /**
             * Code
             * @description The source so far.
             */
            code: string;
            /**
             * Cursor Pos
             * @description In characters (code points).
             */
            cursor_pos: number;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "complete";
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
             * @default null
             */
            after?: string | null;
            /** @default null */
            config?: components["schemas"]["CellConfigPatch"] | null;
            /**
             * Id
             * @description Chosen by the client, if it wants to; must be new in the notebook.
             * @default null
             */
            id?: string | null;
            /**
             * Index
             * @description Place in document order, from 0.
             * @default null
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
         * Debug
         * @description A request of the debug adapter protocol, also while a cell runs; the reply carries the debugger's response.
         */
        Debug: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Request
             * @description Passed on as it is.
             */
            request: {
                [key: string]: unknown;
            };
            /**
             * Type
             * @constant
             */
            type: "debug";
        };
        /**
         * DebugEventMessage
         * @description An event of the debug adapter protocol, as the kernel's debugger gave it.
         */
        DebugEventMessage: {
            /**
             * Event
             * @description As the kernel gave it.
             */
            event: {
                [key: string]: unknown;
            };
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default debug.event
             * @constant
             */
            type: "debug.event";
        };
        /**
         * EdgeKind
         * @description The most that an edge's names are needed for.
         * @enum {string}
         */
        EdgeKind: "reads" | "late" | "passes";
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
         * GraphUpdated
         * @description For each cell whose names or neighbours changed: what they now are.
         */
        GraphUpdated: {
            /** Cells */
            cells: components["schemas"]["CellNames"][];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default graph.updated
             * @constant
             */
            type: "graph.updated";
        };
        /**
         * InputReply
         * @description The answer to `input.requested`.
         */
        InputReply: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "input.reply";
            /**
             * Value
             * @description The line, without its end.
             */
            value: string;
        };
        /**
         * InputRequested
         * @description A cell waits for a line of text.
         */
        InputRequested: {
            /** Cell Id */
            cell_id: string | null;
            /**
             * Password
             * @description Whether what is typed should not be seen.
             */
            password: boolean;
            /**
             * Prompt
             * @description What it asks.
             * @example Your name:
             */
            prompt: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default input.requested
             * @constant
             */
            type: "input.requested";
        };
        /**
         * Inspect
         * @description Documentation for what stands at a place in a source; the reply carries Jupyter's inspect_reply.
         */
        Inspect: {
            /**
             * Code
             * @description The source.
             */
            code: string;
            /**
             * Cursor Pos
             * @description In characters (code points).
             */
            cursor_pos: number;
            /**
             * Detail Level
             * @description 1: with the source, where the kernel has it.
             * @default 0
             * @enum {integer}
             */
            detail_level?: 0 | 1;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "inspect";
        };
        /**
         * KernelInterrupt
         * @description Interrupt the running cell and drop the rest of the plan.
         */
        KernelInterrupt: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "kernel.interrupt";
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
             * @default null
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
         * KernelRestart
         * @description A fresh kernel; every cell becomes stale.
         */
        KernelRestart: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "kernel.restart";
        };
        /**
         * KernelShutdown
         * @description End the kernel, whatever it does; the next run starts another.
         */
        KernelShutdown: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "kernel.shutdown";
        };
        /**
         * KernelState
         * @description `none`: not started yet (it starts with the first run).
         * @enum {string}
         */
        KernelState: "none" | "starting" | "idle" | "busy" | "restarting" | "dead";
        /**
         * KernelStatusEvent
         * @description The kernel's state.
         */
        KernelStatusEvent: {
            kernel: components["schemas"]["KernelModel"];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default kernel.status
             * @constant
             */
            type: "kernel.status";
        };
        /**
         * NotebookResponse
         * @description A whole notebook.
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
             * @default null
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
         * NotebookRun
         * @description Run these cells, all stale ones, those from a cell on or up to one, or all; or only tell what would run.
         */
        NotebookRun: {
            /**
             * All
             * @description Every cell again, stale or not, in the same kernel.
             * @default false
             */
            all?: boolean;
            /**
             * Cells
             * @description These, stale or not, with their stale ancestors.
             * @default null
             */
            cells?: string[] | null;
            /**
             * From Cell
             * @description This cell, and whatever at its place on the page or below is stale or depends on what runs.
             * @default null
             */
            from_cell?: string | null;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Plan
             * @description Only answer what would run, in which order and why. Nothing is run.
             * @default false
             */
            plan?: boolean;
            /**
             * Type
             * @constant
             */
            type: "notebook.run";
            /**
             * Up To Cell
             * @description What is stale at this cell's place on the page or above; nothing below runs because it depends on that.
             * @default null
             */
            up_to_cell?: string | null;
        };
        /**
         * NotebookStateEvent
         * @description Everything: the first message of a connection, and again when a client could not keep up.
         */
        NotebookStateEvent: {
            /**
             * Buffers
             * @description How many binary frames follow.
             * @default 0
             */
            buffers: number;
            /** Comms */
            comms: components["schemas"]["CommState"][];
            /** Edges */
            edges: components["schemas"]["GraphEdge"][];
            /** @default null */
            input_request: components["schemas"]["InputRequested"] | null;
            notebook: components["schemas"]["NotebookResponse"];
            /** Presence */
            presence: components["schemas"]["Presence"][];
            /**
             * Protocol
             * @description The version of these messages.
             * @default 1
             */
            protocol: number;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Runs
             * @description The runs under way.
             */
            runs: string[];
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default notebook.state
             * @constant
             */
            type: "notebook.state";
        };
        /**
         * NotebookUpdate
         * @description Rename the notebook or change its settings.
         */
        NotebookUpdate: {
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * If Match
             * @description The notebook's revision that the client has seen.
             * @default null
             */
            if_match?: number | null;
            /**
             * Name
             * @default null
             */
            name?: string | null;
            /** @default null */
            settings?: components["schemas"]["SettingsRequest"] | null;
            /**
             * Type
             * @constant
             */
            type: "notebook.update";
        };
        /**
         * NotebookUpdated
         * @description The notebook's name, settings or kernel was changed; or there is something to say of how it is stored.
         */
        NotebookUpdated: {
            /**
             * Kernel Name
             * @description Its kernelspec.
             * @example python3
             */
            kernel_name: string;
            /**
             * Message
             * @description What another program did to what is stored, and what became of it.
             * @default null
             */
            message: string | null;
            /**
             * Name
             * @description The notebook's name; in file storage also its file's.
             * @example Prices
             */
            name: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            settings: components["schemas"]["SettingsModel"];
            /**
             * Storage Problem
             * @description Why the latest changes are kept in memory only, and not stored yet; null: they are.
             * @default null
             */
            storage_problem: string | null;
            /**
             * Type
             * @default notebook.updated
             * @constant
             */
            type: "notebook.updated";
        };
        /**
         * NotebookUpdateItem
         * @description Rename the notebook or change its settings.
         */
        NotebookUpdateItem: {
            /**
             * Name
             * @default null
             */
            name?: string | null;
            /** @default null */
            settings?: components["schemas"]["SettingsRequest"] | null;
            /**
             * Type
             * @constant
             */
            type: "notebook.update";
        };
        /**
         * OutputAppend
         * @description Outputs added at the end of a cell's outputs.
         */
        OutputAppend: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Outputs
             * @description What is new.
             */
            outputs: {
                [key: string]: unknown;
            }[];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default output.append
             * @constant
             */
            type: "output.append";
        };
        /**
         * OutputClear
         * @description A cell has no outputs any more.
         */
        OutputClear: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default output.clear
             * @constant
             */
            type: "output.clear";
        };
        /**
         * OutputUpdate
         * @description The output at `index` is now `output`; or, of a stream, its first `keep` characters followed by `text`.
         */
        OutputUpdate: {
            /**
             * Cell Id
             * @description A cell's id, by nbformat's rule.
             * @example load-data
             */
            cell_id: string;
            /**
             * Index
             * @description A place in document order, from 0.
             * @example 0
             */
            index: number;
            /**
             * Keep
             * @description How many characters of the stream stay.
             * @default null
             */
            keep: number | null;
            /**
             * Output
             * @description The whole output; null: see `keep`.
             * @default null
             */
            output: {
                [key: string]: unknown;
            } | null;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Text
             * @description What follows them.
             * @default null
             */
            text: string | null;
            /**
             * Type
             * @default output.update
             * @constant
             */
            type: "output.update";
        };
        /**
         * Presence
         * @description A client that is connected.
         */
        Presence: {
            /**
             * Cell Id
             * @description The cell that it is at.
             * @default null
             */
            cell_id: string | null;
            /**
             * Client Id
             * @description One connection.
             * @example 9f3b2a10c4d5
             */
            client_id: string;
            /**
             * Selection
             * @description In the cell's source, as clients agree on.
             * @default null
             */
            selection: number[] | null;
            /**
             * User Id
             * @description Whose it is.
             * @example local
             */
            user_id: string;
            /**
             * User Name
             * @description For people.
             * @example local
             */
            user_name: string;
        };
        /**
         * PresenceUpdate
         * @description Where this client is: told to the others, kept nowhere.
         */
        PresenceUpdate: {
            /**
             * Cell Id
             * @default null
             */
            cell_id?: string | null;
            /**
             * Id
             * @description Repeated in the reply.
             * @example 1
             */
            id: string;
            /**
             * Selection
             * @description In the cell's source, as clients agree on.
             * @default null
             */
            selection?: number[] | null;
            /**
             * Type
             * @constant
             */
            type: "presence.update";
        };
        /**
         * PresenceUpdated
         * @description Who is connected, and where.
         */
        PresenceUpdated: {
            /** Clients */
            clients: components["schemas"]["Presence"][];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default presence.updated
             * @constant
             */
            type: "presence.updated";
        };
        /**
         * Redefinition
         * @description What to make of a name that several cells define.
         * @enum {string}
         */
        Redefinition: "allow" | "warn" | "error";
        /**
         * Reply
         * @description The one answer to a command.
         */
        Reply: {
            /** @default null */
            error: components["schemas"]["ReplyError"] | null;
            /**
             * Id
             * @description The command's id; null if it could not be read.
             */
            id: string | null;
            /**
             * Ok
             * @description Whether it was carried out.
             */
            ok: boolean;
            /**
             * Result
             * @description What the command's own description says.
             * @default null
             */
            result: {
                [key: string]: unknown;
            } | null;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Type
             * @default reply
             * @constant
             */
            type: "reply";
        };
        /**
         * ReplyError
         * @description Why a command was refused.
         */
        ReplyError: {
            /**
             * Code
             * @description For programs.
             * @example conflict
             */
            code: string;
            /**
             * Current
             * @description The current state, when a write was out of date.
             * @default null
             */
            current: {
                [key: string]: unknown;
            } | null;
            /**
             * Message
             * @description For people.
             * @example The notebook is at revision 8, not 7.
             */
            message: string;
        };
        /**
         * RunFinished
         * @description A run is over.
         */
        RunFinished: {
            /**
             * Cells
             * @description The cells that ran, in order.
             */
            cells: string[];
            /**
             * Message
             * @description Why it ended early.
             * @default null
             */
            message: string | null;
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Run Id
             * @description By which answers and events name a run.
             * @example 3d63e4ca45eb
             */
            run_id: string;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            state: components["schemas"]["RunState"];
            /**
             * Type
             * @default run.finished
             * @constant
             */
            type: "run.finished";
        };
        /**
         * RunMode
         * @description `auto`: running a cell runs all that depends on it. `lazy`: what depends on it is only shown as stale.
         * @enum {string}
         */
        RunMode: "auto" | "lazy";
        /**
         * RunStarted
         * @description A run was accepted.
         */
        RunStarted: {
            /**
             * Cells
             * @description The cells it is to run, in order, as far as is known now.
             */
            cells: string[];
            /**
             * Revision
             * @description Grows by one with each change of the document.
             * @default 0
             * @example 12
             */
            revision: number;
            /**
             * Run Id
             * @description By which answers and events name a run.
             * @example 3d63e4ca45eb
             */
            run_id: string;
            /**
             * Seq
             * @description Grows by one with each event of the notebook.
             * @default 0
             */
            seq: number;
            /**
             * Type
             * @default run.started
             * @constant
             */
            type: "run.started";
        };
        /**
         * RunState
         * @description How a run stands.
         * @enum {string}
         */
        RunState: "running" | "finished" | "interrupted" | "failed";
        ServerEvent: components["schemas"]["NotebookStateEvent"] | components["schemas"]["NotebookUpdated"] | components["schemas"]["CellAdded"] | components["schemas"]["CellUpdated"] | components["schemas"]["CellMoved"] | components["schemas"]["CellRemoved"] | components["schemas"]["CellStatusEvent"] | components["schemas"]["OutputAppend"] | components["schemas"]["OutputUpdate"] | components["schemas"]["OutputClear"] | components["schemas"]["GraphUpdated"] | components["schemas"]["RunStarted"] | components["schemas"]["RunFinished"] | components["schemas"]["KernelStatusEvent"] | components["schemas"]["InputRequested"] | components["schemas"]["DebugEventMessage"] | components["schemas"]["CommOpened"] | components["schemas"]["CommMessage"] | components["schemas"]["CommClosed"] | components["schemas"]["PresenceUpdated"];
        /**
         * SettingsModel
         * @description A notebook's choices about reactivity.
         */
        SettingsModel: {
            /**
             * Database
             * @description What SQL cells run on, without its password; null: DuckDB. Set with `PUT …/db`.
             * @default null
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
             * @default null
             */
            equal_results?: boolean | null;
            /**
             * Kernel Name
             * @description An installed kernelspec; the old kernel is shut down.
             * @default null
             */
            kernel_name?: string | null;
            /** @default null */
            mode?: components["schemas"]["RunMode"] | null;
            /** @default null */
            redefinition?: components["schemas"]["Redefinition"] | null;
            /**
             * Restart Dead Kernel
             * @description Whether a kernel that died is started again unasked.
             * @default null
             */
            restart_dead_kernel?: boolean | null;
        };
        /**
         * StaleReason
         * @description A reason why a cell is stale: what a run would use now that its last run did not.
         */
        StaleReason: {
            /**
             * Cell
             * @description The cell that did it, or that the names come from now.
             * @default null
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
             * @default null
             */
            was: string | null;
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
             * @default null
             */
            base_revision?: number | null;
            /** @default null */
            config?: components["schemas"]["CellConfigPatch"] | null;
            /**
             * Index
             * @description Move the cell to this place in document order, from 0.
             * @default null
             */
            index?: number | null;
            /**
             * Source
             * @default null
             */
            source?: string | null;
            /** @default null */
            type?: components["schemas"]["CellType"] | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
