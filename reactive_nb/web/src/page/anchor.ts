/**
 * Keeps a cell that one has gone to in its place, while what is above it comes into being and grows.
 *
 * That is so until anybody scrolls, or runs something here. Else the browser's own rule holds: what stays is what is seen
 * first in the window, so that a cell further down is pushed away.
 */
export class Anchor {
  #scroller: HTMLElement | null = null;
  #column: HTMLElement | null = null;
  #reserve: HTMLElement | null = null;
  /** What is held, and how far it was from the beginning of all cells. */
  #held: { readonly element: Element; from: number } | null = null;
  /** How far was scrolled when we last looked: whatever else scrolls, is somebody. */
  #scrolled = 0;
  readonly #grown = new ResizeObserver(() => this.#watched());

  /**
   * Watch over `scroller`, whose content is `column`, until what is returned is called. `reserve` is an empty element at
   * the beginning of `column`, which takes no place in it.
   */
  watch(scroller: HTMLElement, column: HTMLElement, reserve: HTMLElement): () => void {
    [this.#scroller, this.#column, this.#reserve] = [scroller, column, reserve];
    this.#grown.observe(column);
    scroller.addEventListener("scroll", this.#looked, { passive: true });
    return () => {
      this.#grown.disconnect();
      scroller.removeEventListener("scroll", this.#looked);
      [this.#held, this.#scroller, this.#column, this.#reserve] = [null, null, null, null];
    };
  }

  /** Scroll to `element`, and keep it there. */
  go(element: Element, block: ScrollLogicalPosition): void {
    this.#mend();
    element.scrollIntoView({ block });
    this.hold(element);
  }

  /** Keep `element` where it is in the window now. */
  hold(element: Element): void {
    if (this.#scroller === null) return;
    this.#mend();
    this.#held = { element, from: this.#from(element) };
    this.#scrolled = this.#scroller.scrollTop;
    this.#scroller.style.overflowAnchor = "none";
    this.#keepRoom(0);
  }

  /** Leave it to the browser what stays where it is. */
  release(): void {
    this.#mend();
    this.#held = null;
    this.#scroller?.style.removeProperty("overflow-anchor");
    this.#reserve?.style.removeProperty("height");
  }

  readonly #looked = () => {
    if (this.#scroller !== null && Math.abs(this.#scroller.scrollTop - this.#scrolled) > 1) this.release();
  };

  #watched(): void {
    const column = this.#column;
    if (column === null || !this.#mend()) return;
    // What has come into the window by that may grow too, and is looked at with the next picture.
    this.#grown.unobserve(column);
    requestAnimationFrame(() => column === this.#column && this.#grown.observe(column));
  }

  /** Scroll by as much as what is held has been pushed; whether it has been. */
  #mend(): boolean {
    const [held, scroller] = [this.#held, this.#scroller];
    if (held === null || scroller === null || !held.element.isConnected) return false;
    const from = this.#from(held.element);
    const pushed = from - held.from;
    if (Math.abs(pushed) < 1) return false;
    held.from = from;
    const before = scroller.scrollTop;
    this.#keepRoom(pushed);
    scroller.scrollTop += pushed;
    this.#scrolled += scroller.scrollTop - before;
    return true;
  }

  /** Cells are small for a moment while they are made: the browser must not scroll back for want of content. */
  #keepRoom(more: number): void {
    if (this.#scroller === null || this.#reserve === null) return;
    this.#reserve.style.height = `${this.#scroller.scrollTop + this.#scroller.clientHeight + more}px`;
  }

  #from(element: Element): number {
    return element.getBoundingClientRect().top - (this.#column?.getBoundingClientRect().top ?? 0);
  }
}
