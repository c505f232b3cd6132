import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { GroupVersionResource } from '../api-object.ts';
import { DEFAULT_BOUNDS, type RehearsalBounds } from './bounds.ts';
import { type ColumnRun, type RehearsalColumn, runColumn } from './column-run.ts';
import type { ColumnResult, RehearsalProgress, RehearsalResult, Wrong404 } from './result.ts';

export interface RehearseOptions {
  /** Versions before and after, as the columns' planes take them. */
  readonly from: string;
  readonly to: string;
  readonly columns: readonly RehearsalColumn[];
  /** The same seed makes the same clients; what a balancer chooses stays chance. */
  readonly seed: number;
  readonly bounds?: RehearsalBounds;
  /** What the first upgraded server does wrong in every column. Needs embedded servers. */
  readonly wrong404?: Wrong404 | undefined;
  readonly onProgress?: (progress: RehearsalProgress) => void;
  /** Ends the rehearsal early: the column that runs is cut off, further ones are left out. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a rolling upgrade under load once for each column, one after the other: first those that repeat until damage shows,
 * so that the others can run as many rounds. Rejects when the servers or the front of a column cannot be started.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalResult> {
  const { from, to, columns, seed, bounds = DEFAULT_BOUNDS, wrong404, onProgress = () => {} } = options;
  if (bounds.servers < 2) throw new RangeError('A rolling upgrade needs at least 2 servers.');
  const signal = options.signal ?? new AbortController().signal;
  const startedAt = Date.now();
  const results = new Map<RehearsalColumn, ColumnResult>();
  let skew: readonly GroupVersionResource[] = [];
  let firstRounds = bounds.rounds;
  const inOrder = [...columns].sort((one, other) => Number(other.untilHarm) - Number(one.untilHarm));
  for (const [index, column] of inOrder.entries()) {
    if (signal.aborted) break;
    onProgress({ kind: 'column', column: column.name, index, of: columns.length });
    const run: ColumnRun = await runColumn({
      column,
      from,
      to,
      seed,
      bounds,
      wrong404,
      firstRounds,
      onProgress,
      signal,
    });
    results.set(column, run.result);
    if (run.skew.length > 0) skew = run.skew;
    if (column.untilHarm) firstRounds = Math.max(firstRounds, run.firstRounds);
    onProgress({ kind: 'done', column: column.name, result: run.result });
  }
  return {
    environment: {
      from,
      to,
      seed,
      bounds,
      ...(wrong404 !== undefined && { wrong404 }),
      skew,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processors: availableParallelism(),
      startedAt,
      durationMs: Date.now() - startedAt,
    },
    columns: columns.flatMap((column) => results.get(column) ?? []),
  };
}
