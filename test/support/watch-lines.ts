import type { Readable } from 'node:stream';
import { type BodyEnd, bodyEnd } from './api-client.ts';

/** The events of an open watch, one JSON text a line, as they come. */
export class WatchLines {
  readonly lines: string[] = [];
  /** How the stream ended. */
  readonly end: Promise<BodyEnd>;
  #rest = '';
  #wanted: { readonly count: number; readonly resolve: () => void } | undefined;

  readonly #onLine: ((line: string) => void) | undefined;

  constructor(body: Readable, onLine?: (line: string) => void) {
    this.#onLine = onLine;
    body.setEncoding('utf8');
    body.on('data', (text: string) => this.#take(text));
    this.end = bodyEnd(body);
  }

  /** What came of an event that is not whole. */
  get rest(): string {
    return this.#rest;
  }

  /** Resolves when that many events have come; rejects when the stream ends before. */
  async until(count: number): Promise<void> {
    if (this.lines.length >= count) return;
    const enough = new Promise<void>((resolve) => {
      this.#wanted = { count, resolve };
    });
    const over = this.end.then((end) => {
      throw new Error(`the watch ended (${JSON.stringify(end)}) after ${this.lines.length} of ${count} events`);
    });
    await Promise.race([enough, over]);
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() ?? '';
    this.lines.push(...parts);
    for (const line of parts) this.#onLine?.(line);
    if (this.#wanted !== undefined && this.lines.length >= this.#wanted.count) this.#wanted.resolve();
  }
}
