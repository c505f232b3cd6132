import type { RehearsalBounds } from '../../../src/lab/rehearsal/bounds.ts';
import type { RehearsalColumn } from '../../../src/lab/rehearsal/column-run.ts';
import { type ColumnName, rehearsalColumn } from '../../../src/lab/rehearsal/columns.ts';
import { rehearse } from '../../../src/lab/rehearsal/rehearse.ts';
import type { ColumnResult, False404Count, RehearsalProgress } from '../../../src/lab/rehearsal/result.ts';
import type { Logger } from '../../../src/observe/logger.ts';
import { parseExposition, type Sample } from '../../../src/observe/testing/exposition.ts';
import { apiRequest } from '../support/api-request.ts';
import { RecordedSeries } from './support-recorded-series.ts';

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const SCRAPE_MS = 1000;

export interface RecordedColumn {
  readonly result: ColumnResult;
  readonly series: RecordedSeries;
  /** What clients had been told falsely at the last scrape. */
  readonly false404s: readonly False404Count[];
}

type Counts = Extract<RehearsalProgress, { kind: 'counts' }>;

/**
 * Rehearses an upgrade from 1.34 to 1.37 behind each front, and scrapes once a second what there is to scrape: of the gateway
 * its `/metrics`, of every front what its clients count themselves, as `mvproxy_lab_client_*`.
 */
export async function recordRehearsal(
  names: readonly ColumnName[],
  bounds: RehearsalBounds,
): Promise<ReadonlyMap<string, RecordedColumn>> {
  const recorders = new Map(names.map((name) => [name as string, new ColumnRecorder(name)]));
  const columns = names.map((name): RehearsalColumn => {
    const column = rehearsalColumn(name, { logger: SILENT, programs: undefined, crdLagMs: [0] });
    return {
      ...column,
      startFront: async (plane) => {
        const front = await column.startFront(plane);
        recorders.get(name)?.start(front.adminUrl);
        return { ...front, close: () => stopped(recorders.get(name), front.close) };
      },
    };
  });
  const { columns: results } = await rehearse({
    from: '1.34',
    to: '1.37',
    seed: 1,
    bounds,
    columns,
    onProgress: (progress) => {
      if (progress.kind === 'counts') recorders.get(progress.column)?.saw(progress);
    },
  });
  return new Map(
    results.flatMap((result) => {
      const recorder = recorders.get(result.name);
      return recorder === undefined ? [] : [[result.name, { result, ...recorder.recorded }] as const];
    }),
  );
}

async function stopped(recorder: ColumnRecorder | undefined, close: () => Promise<void>): Promise<void> {
  await recorder?.stop();
  await close();
}

class ColumnRecorder {
  readonly #series: RecordedSeries;
  #counts: Counts | undefined;
  #recorded: readonly False404Count[] = [];
  #adminUrl: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Scrapes follow each other, however long one takes. */
  #last: Promise<void> = Promise.resolve();

  constructor(front: string) {
    this.#series = new RecordedSeries({ job: 'rehearsal', instance: front });
  }

  get recorded() {
    return { series: this.#series, false404s: this.#recorded };
  }

  saw(counts: Counts): void {
    this.#counts = counts;
  }

  start(adminUrl: string | undefined): void {
    this.#adminUrl = adminUrl;
    this.#timer = setInterval(() => this.#next(), SCRAPE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#next();
    await this.#last;
  }

  #next(): void {
    this.#last = this.#last.then(() => this.#scrape());
  }

  async #scrape(): Promise<void> {
    const proxy = this.#adminUrl === undefined ? [] : await scraped(this.#adminUrl);
    this.#recorded = this.#counts?.false404sBy ?? [];
    this.#series.add([...proxy, ...clientSamples(this.#counts)]);
  }
}

async function scraped(adminUrl: string): Promise<readonly Sample[]> {
  return parseExposition((await apiRequest(`${adminUrl}/metrics`)).body).samples;
}

function clientSamples(counts: Counts | undefined): readonly Sample[] {
  if (counts === undefined) return [];
  return [
    { name: 'mvproxy_lab_client_requests_total', labels: {}, value: counts.requests },
    ...counts.false404sBy.map(({ count, ...labels }) => ({
      name: 'mvproxy_lab_client_unexpected_404_total',
      labels: { ...labels },
      value: count,
    })),
  ];
}
