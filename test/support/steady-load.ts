import { setTimeout as delay } from 'node:timers/promises';
import { type Credentials, PROTOCOLS } from './api-client.ts';
import { FollowedList } from './followed-list.ts';
import { SteadyClient } from './steady-client.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
/** Between two requests of one client: dense enough to meet every moment of a restart. */
const PAUSE_MS = 5;
const FOLLOWERS = 3;

export interface LoadReport {
  readonly writes: number;
  /** `name@resourceVersion` of all of them, in order. */
  readonly written: readonly string[];
  readonly reads: number;
  /** Everything that was not answered as it should be. */
  readonly failures: readonly string[];
  /** Of watches that were ended for their client. */
  readonly watchEnds: number;
  /** Watches that did not end well, and followers that did not see every write exactly once and in order. */
  readonly gaps: readonly string[];
  /** Requests that were sent again: GOAWAY refused them, or this process was held up. */
  readonly repeated: number;
}

/** Writers, readers and followers of the same collection, over both protocols, that never pause for anybody. */
export class SteadyLoad {
  readonly #clients: SteadyClient[] = [];
  readonly #followers: FollowedList[] = [];
  readonly #failures: string[] = [];
  /** `name@resourceVersion` of what was written. */
  readonly #written: string[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #stop = new AbortController();
  #reads = 0;

  /** Resolves when every follower watches. */
  static async start(url: string, credentials: Credentials): Promise<SteadyLoad> {
    const load = new SteadyLoad();
    const client = (protocol: (typeof PROTOCOLS)[number]): SteadyClient => {
      const made = new SteadyClient(protocol, url, credentials);
      load.#clients.push(made);
      return made;
    };
    for (const protocol of PROTOCOLS) {
      for (let i = 0; i < FOLLOWERS; i++) load.#followers.push(new FollowedList(client(protocol), PATH));
    }
    await Promise.all(load.#followers.map(({ started }) => started));
    for (const protocol of PROTOCOLS) {
      load.#running.push(load.#write(client(protocol), protocol.replace(/[^a-z0-9]/g, '-')));
      load.#running.push(load.#read(client(protocol)));
    }
    return load;
  }

  /** Ends the load, waits until every follower has seen the last write, and says what went wrong. */
  async stop(): Promise<LoadReport> {
    this.#stop.abort();
    await Promise.all(this.#running);
    const expected = this.#written.toSorted((a, b) => versionOf(a) - versionOf(b));
    const last = expected.at(-1);
    if (last === undefined) throw new Error('nothing was written');
    await Promise.race([
      Promise.all(this.#followers.map((follower) => follower.until(last))),
      delay(60_000, undefined, { ref: false }),
    ]);
    for (const follower of this.#followers) follower.close();
    for (const client of this.#clients) client.close();
    const gaps = this.#followers.flatMap(({ events, overs }, index) => [
      ...overs.flatMap((over) => {
        if (over.kind === 'failed') return [`follower ${index}: ${over.why}`];
        const isClean = over.end.kind === 'complete' && over.rest === '';
        return isClean ? [] : [`a watch of follower ${index} ended ${JSON.stringify(over)}`];
      }),
      ...difference(index, events, expected),
    ]);
    return {
      writes: expected.length,
      written: expected,
      reads: this.#reads,
      failures: this.#failures,
      watchEnds: this.#followers.reduce((sum, { overs }) => sum + overs.length, 0),
      gaps,
      repeated: this.#clients.reduce((sum, { repeated }) => sum + repeated, 0),
    };
  }

  async #write(client: SteadyClient, prefix: string): Promise<void> {
    for (let count = 0; !this.#stop.signal.aborted; count++) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${prefix}-${count}` } };
      await this.#expect(201, `${client.protocol} write ${count}`, async () => {
        const answer = await client.request({
          method: 'POST',
          path: PATH,
          headers: { 'content-type': 'application/json' },
          body,
        });
        if (answer.status === 201) {
          const { name, resourceVersion } = JSON.parse(answer.text).metadata;
          this.#written.push(`${name}@${resourceVersion}`);
        }
        return answer;
      });
      await delay(PAUSE_MS);
    }
  }

  async #read(client: SteadyClient): Promise<void> {
    for (let count = 0; !this.#stop.signal.aborted; count++) {
      await this.#expect(200, `${client.protocol} read ${count}`, () =>
        client.request({ path: '/api/v1/namespaces/default' }),
      );
      this.#reads += 1;
      await delay(PAUSE_MS);
    }
  }

  async #expect(
    status: number,
    what: string,
    ask: () => Promise<{ readonly status: number; readonly text: string; readonly end: { readonly kind: string } }>,
  ): Promise<void> {
    try {
      const answer = await ask();
      if (answer.status === status && answer.end.kind === 'complete') return;
      this.#failures.push(`${what}: ${answer.status} ${answer.end.kind} ${answer.text.slice(0, 300)}`);
    } catch (error) {
      this.#failures.push(`${what}: ${String(error)}`);
    }
  }
}

function versionOf(event: string): number {
  return Number(event.split('@')[1]);
}

function difference(index: number, seen: readonly string[], expected: readonly string[]): string[] {
  const at = expected.findIndex((event, position) => seen[position] !== event);
  if (at < 0 && seen.length === expected.length) return [];
  return [
    `follower ${index} saw ${seen.length} of ${expected.length} events; the first difference is event ${at < 0 ? expected.length : at}: ${seen[at]} instead of ${expected[at]}`,
  ];
}
