import { setTimeout as delay } from 'node:timers/promises';
import { Informer } from '../../src/lab/client/informer.ts';
import { LabClient } from '../../src/lab/client/lab-client.ts';
import type { ObjectWork } from '../../test/real/support/object-work.ts';
import type { LoadResult } from '../../test/real/support/open-loop-load.ts';
import { adminClient } from '../faults/access.ts';
import type { ChaosPlane } from './chaos-plane.ts';
import { batchSelector, originOf, WRITTEN_WORKS } from './chaos-work.ts';

const INFORMERS_EACH = 4;
/** A client that waits longer for an event has lost it. */
const SEEN_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const ASK_TIMEOUT_MS = 10_000;
/** Batches deleted again, for writes that a hung server did late. */
const OLDER_BATCHES = 3;

/** What was not as answers and watches said. */
export interface AuditFindings {
  batches: number;
  objects: number;
  readonly violations: string[];
}

/**
 * Compares batch after batch of what was created with what the servers hold, and with what informers know that watch through
 * the proxy; and removes it.
 */
export class BatchAudit {
  readonly findings: AuditFindings = { batches: 0, objects: 0, violations: [] };
  readonly #plane: ChaosPlane;
  readonly #batchSize: number;
  readonly #informers: readonly {
    readonly work: ObjectWork;
    readonly client: LabClient;
    readonly informer: Informer;
  }[];

  constructor(plane: ChaosPlane, batchSize: number) {
    this.#plane = plane;
    this.#batchSize = batchSize;
    const { pki } = plane.controlPlane;
    this.#informers = WRITTEN_WORKS.flatMap((work, i) =>
      Array.from({ length: INFORMERS_EACH }, (_, j) => {
        const client = new LabClient({
          name: `informer-${i}-${j}`,
          url: plane.proxy.url,
          ca: pki.servingCa.cert,
          certificate: pki.admin,
          userAgent: 'informer',
          timeoutMs: 30_000,
        });
        return { work, client, informer: new Informer({ client, path: work.written }) };
      }),
    );
  }

  /** Lists that informers had to read again, and watches they opened. */
  get counts(): { readonly lists: number; readonly watches: number; readonly failures: number } {
    const counts = { lists: 0, watches: 0, failures: 0 };
    for (const { informer } of this.#informers) {
      counts.lists += informer.lists;
      counts.watches += informer.watches;
      counts.failures += informer.failures;
    }
    return counts;
  }

  /** `results`: of all requests of that batch, and of any others. */
  async check(batch: number, results: readonly LoadResult[]): Promise<void> {
    const { findings } = this;
    for (const work of WRITTEN_WORKS) {
      const writes = results.filter(({ name = '' }) => {
        const origin = originOf(name, this.#batchSize);
        return origin.batch === batch && origin.work === work;
      });
      const there = await this.#there(work, batch);
      findings.objects += there.size;
      for (const { name = '', outcome, detail } of writes) {
        if (outcome === 'right' && !there.has(name))
          findings.violations.push(`${name} was acknowledged and is not there`);
        if (outcome === 'unavailable' && there.has(name)) {
          findings.violations.push(`${name} was refused with Retry-After and is there: ${detail}`);
        }
      }
      await this.#seen(work, there);
      await this.#ask(work, 'DELETE', older(batch));
    }
    findings.batches += 1;
  }

  async close(): Promise<void> {
    for (const { informer, client } of this.#informers) {
      informer.close();
      await client.close();
    }
  }

  async #seen(work: ObjectWork, names: ReadonlySet<string>): Promise<void> {
    const deadline = performance.now() + SEEN_TIMEOUT_MS;
    for (const { informer, client, work: own } of this.#informers) {
      if (own !== work) continue;
      const missing = (): string[] => [...names].filter((name) => !informer.objects.has(`default/${name}`));
      while (missing().length > 0 && performance.now() < deadline) await delay(POLL_MS);
      const left = missing();
      if (left.length === 0) continue;
      this.findings.violations.push(
        `${client.name} never heard of ${left.length} of ${names.size} objects, such as ${left[0]}`,
      );
    }
  }

  async #there(work: ObjectWork, batch: number): Promise<ReadonlySet<string>> {
    const { items }: { items: readonly { metadata: { name: string } }[] } = JSON.parse(
      await this.#ask(work, 'GET', [batch]),
    );
    return new Set(items.map(({ metadata }) => metadata.name));
  }

  /** Asks the servers themselves, until one answers. */
  async #ask(work: ObjectWork, method: string, batches: readonly number[]): Promise<string> {
    for (;;) {
      for (const { process } of this.#plane.servers) {
        if (process.name === 'old' || process.state.state !== 'running') continue;
        const client = adminClient(this.#plane.controlPlane, process.url, 'http/1.1');
        const asked = client.request({ method, target: `${work.written}?${batchSelector(batches)}` });
        const answer = await Promise.race([asked, delay(ASK_TIMEOUT_MS)]).catch(() => undefined);
        client.close();
        if (answer?.status === 200) return answer.body.toString();
      }
      await delay(POLL_MS);
    }
  }
}

function older(batch: number): number[] {
  return Array.from({ length: OLDER_BATCHES + 1 }, (_, i) => batch - i).filter((one) => one >= 0);
}
