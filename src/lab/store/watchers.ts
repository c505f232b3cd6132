import type { StoreEvent, Watch } from './store.ts';

interface Watcher {
  readonly prefix: string;
  readonly listener: (event: StoreEvent) => void;
  /** Revision up to which this watcher was told everything. */
  seen: number;
}

/**
 * Delivers one sequence of events to many listeners. All see the same order: what a listener causes while it is being told
 * is delivered after all have been told, and a listener that throws or closes watches changes nothing for the others.
 */
export class Watchers {
  readonly #watchers = new Set<Watcher>();
  readonly #queue: StoreEvent[] = [];
  readonly #onListenerError: (error: unknown) => void;
  #delivering = false;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Tells `listener` the `past`, which must reach to the newest event, `now`, and from then on every event of `deliver`. */
  add(prefix: string, past: readonly StoreEvent[], now: number, listener: Watcher['listener']): Watch {
    const watcher: Watcher = { prefix, listener, seen: past[0] === undefined ? now : past[0].revision - 1 };
    this.#watchers.add(watcher);
    this.#exclusively(() => {
      for (const event of past) this.#tell(watcher, event);
      watcher.seen = Math.max(watcher.seen, now);
    });
    return { close: () => void this.#watchers.delete(watcher) };
  }

  deliver(event: StoreEvent): void {
    this.#queue.push(event);
    this.#exclusively();
  }

  closeAll(): void {
    this.#watchers.clear();
    this.#queue.length = 0;
  }

  /** Runs `action` and then empties the queue, which is left to the outer call when a listener brought us here. */
  #exclusively(action?: () => void): void {
    const isInner = this.#delivering;
    this.#delivering = true;
    try {
      action?.();
      if (isInner) return;
      // The loop also sees what listeners append meanwhile.
      for (const event of this.#queue) {
        for (const watcher of this.#watchers) this.#tell(watcher, event);
      }
      this.#queue.length = 0;
    } finally {
      this.#delivering = isInner;
    }
  }

  #tell(watcher: Watcher, event: StoreEvent): void {
    if (!this.#watchers.has(watcher) || event.revision <= watcher.seen) return;
    watcher.seen = event.revision;
    if (!eventKey(event).startsWith(watcher.prefix)) return;
    try {
      watcher.listener(event);
    } catch (error) {
      this.#onListenerError(error);
    }
  }
}

/** Key of the object that changed. */
export function eventKey(event: StoreEvent): string {
  return event.kind === 'put' ? event.entry.key : event.last.key;
}
