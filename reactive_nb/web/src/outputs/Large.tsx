/** Data that was left out of an output for its size: pictures are fetched when they come near, the rest when asked for. */
import { useEffect, useState } from "preact/hooks";

import { answered, rest } from "../service/rest";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";

interface Reference {
  readonly hash: string;
  readonly size: number;
}

/** What was left out of an output, by media type. */
export function leftOut(output: Output): Record<string, Reference> {
  const own = output.metadata?.["reactive_nb"] as { large?: Record<string, Reference> } | undefined;
  return own?.large ?? {};
}

interface Props {
  session: NotebookSession;
  mime: string;
  reference: Reference;
  found(data: unknown): void;
}

export function Large({ session, mime, reference, found }: Props) {
  const [state, setState] = useState<"asked" | "fetching" | string>(mime.startsWith("image/") ? "fetching" : "asked");
  useEffect(() => {
    if (state !== "fetching") return;
    let here = true;
    fetchLarge(session.notebookId, mime, reference.hash).then(
      (data) => here && found(data),
      (problem: unknown) => here && setState(problem instanceof Error ? problem.message : "It could not be fetched."),
    );
    return () => {
      here = false;
    };
  }, [state]);
  const size = `${(reference.size / 1e6).toFixed(1)} MB`;
  if (state === "fetching") return <p class="output-unknown">Fetching {size}…</p>;
  return (
    <p class="output-unknown">
      {state === "asked" ? `${mime} of ${size}.` : state}{" "}
      <button type="button" class="link" onClick={() => setState("fetching")}>
        {state === "asked" ? "Show it" : "Try again"}
      </button>
    </p>
  );
}

/** The data itself. Throws Problem. */
export async function fetchLarge(notebookId: string, mime: string, digest: string): Promise<unknown> {
  const path = { notebook_id: notebookId, digest };
  const blob = await answered(
    rest.GET("/api/v1/notebooks/{notebook_id}/outputs/{digest}", { params: { path }, parseAs: "blob" }),
  );
  if (/^image\/(?!svg)/.test(mime)) return inBase64(blob as Blob);
  const text = await (blob as Blob).text();
  return /\bjson$/.test(mime) ? JSON.parse(text) : text;
}

function inBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve((reader.result as string).replace(/^[^,]*,/, "")));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("It could not be read.")));
    reader.readAsDataURL(blob);
  });
}
