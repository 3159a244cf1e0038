/** What a frame of widgets and the page say to each other. */

/** From the frame. */
export type Said =
  | { readonly type: "want"; readonly id: string }
  | { readonly type: "module"; readonly name: string }
  | {
      readonly type: "msg";
      readonly id: string;
      /** What the answer is to name. */
      readonly key: number;
      readonly data: Record<string, unknown>;
      readonly metadata: Record<string, unknown>;
      readonly buffers: ArrayBuffer[];
    };

/** From the page. */
export type Told =
  | { readonly type: "state"; readonly id: string; readonly state: Record<string, unknown> | null }
  | { readonly type: "module"; readonly name: string; readonly source: string | null }
  | { readonly type: "done"; readonly key: number }
  | {
      readonly type: "msg";
      readonly id: string;
      readonly data: Record<string, unknown>;
      readonly metadata: Record<string, unknown>;
      readonly buffers: ArrayBuffer[];
    }
  | { readonly type: "close"; readonly id: string };
