import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { parsePlace } from '../../model/place.ts';
import { initialState } from '../../model/state.ts';
import { facts, type PlayedFacts } from '../../model/testing/facts.ts';
import { createLive, type Live } from '../live.ts';
import { createReader, type Reader } from '../reader.ts';
import { createStore, type Store } from '../store.ts';

/** An EventSource whose other end is the test. */
export class PlayedEventSource extends EventTarget {
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  isClosed = false;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
  }

  close(): void {
    this.isClosed = true;
  }

  emit(type: string, id: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId: id }));
  }
}

type Answer = () => Promise<Response> | Response;

/** The console without its views, in a browser whose clock, server-sent events and requests are the test's. */
export class PlayedBrowser {
  facts: PlayedFacts = facts();
  readonly sources: PlayedEventSource[] = [];
  /** Names of pages, in the order in which they were asked for. */
  asked: string[] = [];
  /** By page, instead of the facts. */
  readonly answers = new Map<string, Answer>();
  readonly store: Store;
  readonly reader: Reader;
  readonly live: Live;
  readonly #t: TestContext;

  constructor(t: TestContext, hash = '') {
    this.#t = t;
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: Date.now() });
    t.mock.method(performance, 'now', () => Date.now());
    t.mock.method(globalThis, 'fetch', (url: string) => this.#answer(url));
    // A signal of its own would keep the test alive until its time is over.
    t.mock.method(AbortSignal, 'timeout', () => new AbortController().signal);
    const { sources } = this;
    const replaced = Reflect.getOwnPropertyDescriptor(globalThis, 'EventSource');
    Reflect.defineProperty(globalThis, 'EventSource', {
      configurable: true,
      value: class extends PlayedEventSource {
        constructor(url: string) {
          super(url);
          sources.push(this);
        }
      },
    });
    t.after(() => {
      if (replaced === undefined) Reflect.deleteProperty(globalThis, 'EventSource');
      else Reflect.defineProperty(globalThis, 'EventSource', replaced);
    });
    this.store = createStore(initialState(parsePlace(hash), Date.now()));
    this.reader = createReader(this.store);
    this.live = createLive(this.store, this.reader);
  }

  get source(): PlayedEventSource {
    const last = this.sources.at(-1);
    if (last === undefined) throw new Error('No events were asked for.');
    return last;
  }

  /** Starts, with events, and reads every page. */
  async open(): Promise<void> {
    this.live.start();
    this.source.onopen?.();
    await this.settle();
    this.asked = [];
  }

  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      this.#t.mock.timers.tick(100);
      await this.settle();
    }
  }

  /** What was asked for is answered. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 5; turns += 1) await setImmediate();
  }

  async #answer(url: string): Promise<Response> {
    const page = new URL(url, 'http://proxy/console/').pathname.slice(1);
    this.asked.push(page);
    const answer = this.answers.get(page);
    if (answer !== undefined) return answer();
    const { status, skew, unexpected404s, timeline, decisions } = this.facts;
    const pages: Readonly<Record<string, unknown>> = {
      livez: 'ok',
      status,
      skew,
      timeline,
      'unexpected-404s': { since: timeline.since, items: unexpected404s },
      decisions: { items: decisions },
    };
    return Response.json(pages[page]);
  }
}
