/**
 * Between frames with widgets and the kernel: a frame is told what the widgets it asks for are, and what becomes of
 * them; what it says goes to the kernel, and to the other frames that show the same widget.
 *
 * A frame has code of the kernel's in it and is not trusted: it can speak to the widgets of the kernel and to nothing
 * else, which the kernel's code can do anyhow.
 */
import { answered, rest } from "../service/rest";
import type { Said, Told } from "../frame/widgets/talk";
import type { NotebookSession } from "../session/session";
import type { ServerEvent } from "../session/types";

const WIDGET = "jupyter.widget";

interface Frame {
  readonly port: MessagePort;
  readonly held: Set<string>;
  /**
   * Comms of which something is said late. That, and what was kept back behind it, the frame hears itself like the others,
   * who may have said something else meanwhile: so all end with the same.
   */
  readonly late: Set<string>;
}

class Switchboard {
  readonly #frames = new Set<Frame>();
  readonly #modules = new Map<string, Promise<string | null>>();
  /** By comm: what our frames have said and the service has not told yet, in order. */
  readonly #underWay = new Map<string, { frame: Frame; text: string }[]>();

  constructor(private readonly session: NotebookSession) {
    session.listen((event, buffers) => this.#hear(event, buffers));
  }

  /** Serve a frame until what is returned is called. */
  connect(port: MessagePort): () => void {
    const frame = { port, held: new Set<string>(), late: new Set<string>() };
    this.#frames.add(frame);
    port.onmessage = (message: MessageEvent<Said>) => this.#said(frame, message.data);
    return () => this.#frames.delete(frame);
  }

  #said(frame: Frame, said: Said): void {
    if (said.type === "module") {
      void this.#module(said.name).then((source) => tell(frame, { type: "module", name: said.name, source }));
      return;
    }
    const comm = this.session.comms.get(said.id);
    const known = comm?.target === WIDGET;
    if (said.type === "want") {
      if (known) frame.held.add(said.id);
      tell(frame, { type: "state", id: said.id, state: known ? comm.state : null });
      for (const one of known ? comm.custom : [])
        tell(frame, { type: "msg", id: said.id, ...one, buffers: [...one.buffers] });
    } else if (known) void this.#send(frame, said);
    else tell(frame, { type: "done", key: said.key });
  }

  /** What is installed beside the kernel is told again only after the page is loaded anew. */
  #module(name: string): Promise<string | null> {
    let source = this.#modules.get(name);
    if (source === undefined) {
      const path = { notebook_id: this.session.notebookId, module: name };
      source = answered(
        rest.GET("/api/v1/notebooks/{notebook_id}/widgets/modules/{module}", { params: { path } }),
      ).then(
        (found) => found.source,
        () => {
          this.#modules.delete(name);
          return null;
        },
      );
      this.#modules.set(name, source);
    }
    return source;
  }

  async #send(frame: Frame, said: Extract<Said, { type: "msg" }>): Promise<void> {
    const { id, key, data, metadata, buffers } = said;
    const underWay = this.#underWay.get(id) ?? [];
    this.#underWay.set(id, underWay);
    const one = { frame, text: JSON.stringify(data) };
    if (this.session.connection.link.peek() !== "open") frame.late.add(id);
    else if (!frame.late.delete(id)) underWay.push(one);
    const message = { type: "comm.msg", comm_id: id, data, metadata, buffers: buffers.length } as const;
    if (data["method"] === "update") await this.session.sayOnceConnected(message, buffers);
    else await this.session.say(message, buffers);
    const place = underWay.indexOf(one);
    if (place >= 0) underWay.splice(place, 1);
    tell(frame, { type: "done", key });
  }

  #hear(event: ServerEvent, buffers: ArrayBuffer[]): void {
    if (event.type === "notebook.state") this.#tellAll();
    if (event.type === "comm.close") {
      for (const frame of this.#frames)
        if (frame.held.delete(event.comm_id)) tell(frame, { type: "close", id: event.comm_id });
    }
    if (event.type !== "comm.msg") return;
    const { comm_id: id, data, metadata = {} } = event;
    if (data["method"] === "echo_update") return; // the service tells what clients have said
    const by = event.client_id == null ? undefined : this.#ours(id, JSON.stringify(data));
    for (const frame of this.#frames)
      if (frame !== by && frame.held.has(id)) tell(frame, { type: "msg", id, data, metadata, buffers });
  }

  /** What was said meanwhile was missed: tell all frames what their widgets are now. */
  #tellAll(): void {
    for (const frame of this.#frames) {
      for (const id of frame.held) {
        const comm = this.session.comms.get(id);
        if (comm?.target !== WIDGET) {
          frame.held.delete(id);
          tell(frame, { type: "close", id });
        } else
          tell(frame, { type: "msg", id, data: { method: "update", state: comm.state }, metadata: {}, buffers: [] });
      }
    }
  }

  /** The frame of ours that has said this. */
  #ours(id: string, text: string): Frame | undefined {
    const underWay = this.#underWay.get(id) ?? [];
    const place = underWay.findIndex((one) => one.text === text);
    return place < 0 ? undefined : underWay.splice(place, 1)[0]?.frame;
  }
}

function tell(frame: Frame, told: Told): void {
  frame.port.postMessage(told);
}

const switchboards = new WeakMap<NotebookSession, Switchboard>();

/** The switchboard of a notebook's widgets. */
export function switchboardOf(session: NotebookSession): Switchboard {
  let found = switchboards.get(session);
  if (found === undefined) {
    found = new Switchboard(session);
    switchboards.set(session, found);
  }
  return found;
}
