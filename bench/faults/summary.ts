import { percentile } from '../../src/lab/rehearsal/percentile.ts';
import type { LoadResult } from '../../test/real/support/open-loop-load.ts';
import type { Outcome } from '../../test/real/support/outcome.ts';
import type { LoadRun, WriteTruth } from './load-run.ts';
import type { Forwarder } from './stage.ts';

export const FAILURES: readonly Exclude<Outcome, 'right'>[] = [
  'unavailable',
  'in doubt',
  'false 404',
  'cut off',
  'lost',
  'no answer',
  'wrong',
];

/** A request that waited longer has noticed the fault; all others are done in a fraction of it, even on a busy machine. */
export const SLOW_MS = 1_000;
/** A busy machine lets a request wait now and then; the fault's own end with this pause. */
const CALM_MS = 5_000;
const WINDOW_S = 10;

/** What was sent within some seconds. */
export interface Window {
  /** Seconds since the fault. */
  readonly fromS: number;
  readonly requests: number;
  readonly failedReads: number;
  readonly failedWrites: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** One run, in figures. Times in milliseconds since the fault. */
export interface RunSummary {
  readonly forwarder: Forwarder;
  readonly requests: number;
  readonly windows: readonly Window[];
  readonly failed: Readonly<Record<'read' | 'write', Readonly<Partial<Record<Outcome, number>>>>>;
  /** When the last request was sent that failed; undefined without any. */
  readonly lastFailed: number | undefined;
  readonly slow: {
    /** How many waited longer than so many milliseconds. */
    readonly over: Readonly<Record<string, number>>;
    /** When the last request was sent that waited longer than SLOW_MS, before there was none for CALM_MS; undefined without any. */
    readonly last: number | undefined;
    /** Of all requests sent after the fault. */
    readonly longest: number;
    readonly median: number;
  };
  readonly truth: WriteTruth;
  /** Writes that failed although no server can have heard of them: any other server could have been asked. */
  readonly unheardWrites: number;
  /** Some of the failures, for whoever wants to know why. */
  readonly samples: readonly string[];
}

const SAMPLES = 12;
const OVER_MS = [1_000, 3_000, 10_000, 30_000];

export function summarise(forwarder: Forwarder, { results, truth }: LoadRun): RunSummary {
  const failed = results.filter(isFailed);
  const after = results.filter(({ endedAt }) => endedAt >= 0);
  const waits = after.map(waitOf);
  const slow = after.filter((result) => waitOf(result) > SLOW_MS);
  return {
    forwarder,
    requests: results.length,
    windows: windowsOf(results),
    failed: { read: counts(failed, 'read'), write: counts(failed, 'write') },
    lastFailed: lastDue(failed),
    slow: {
      over: Object.fromEntries(OVER_MS.map((ms) => [ms, waits.filter((wait) => wait > ms).length])),
      last: lastOfFirstSeries(slow.map(({ dueAt }) => dueAt)),
      longest: longestOf(waits),
      median: percentile(slow.map(waitOf), 0.5),
    },
    truth,
    unheardWrites: failed.filter((result) => result.kind === 'write' && isUnheard(result)).length,
    samples: samplesOf(failed),
  };
}

/** How many requests of that kind failed, in a certain way or at all. */
export function failures(summaries: readonly RunSummary[], kind: 'read' | 'write', outcome?: Outcome): number {
  const outcomes = outcome === undefined ? FAILURES : [outcome];
  return summaries.reduce(
    (sum, { failed }) => sum + outcomes.reduce((total, one) => total + (failed[kind][one] ?? 0), 0),
    0,
  );
}

function isFailed({ outcome }: LoadResult): boolean {
  return outcome !== 'right';
}

/** Native says with 503 and without Retry-After that it found nobody listening. */
function isUnheard({ outcome, detail }: LoadResult): boolean {
  return outcome === 'unavailable' || outcome === 'false 404' || detail.includes('connection refused');
}

function waitOf({ dueAt, endedAt }: LoadResult): number {
  return endedAt - dueAt;
}

/** Also of more values than a call takes arguments. */
export function longestOf(waits: readonly number[]): number {
  return waits.reduce((longest, wait) => Math.max(longest, wait), 0);
}

function lastDue(results: readonly LoadResult[]): number | undefined {
  return results.length === 0 ? undefined : Math.max(...results.map(({ dueAt }) => dueAt));
}

function lastOfFirstSeries(times: readonly number[]): number | undefined {
  let last: number | undefined;
  for (const time of times.toSorted((a, b) => a - b)) {
    if (time - (last ?? 0) > CALM_MS) break;
    last = time;
  }
  return last;
}

function counts(failed: readonly LoadResult[], kind: 'read' | 'write'): Partial<Record<Outcome, number>> {
  const found: Partial<Record<Outcome, number>> = {};
  for (const { kind: own, outcome } of failed) if (own === kind) found[outcome] = (found[outcome] ?? 0) + 1;
  return found;
}

function windowsOf(results: readonly LoadResult[]): Window[] {
  const groups = Map.groupBy(results, ({ dueAt }) => Math.floor(dueAt / 1000 / WINDOW_S) * WINDOW_S);
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([fromS, group]) => {
      const failed = group.filter(isFailed);
      const waits = group.map(waitOf);
      return {
        fromS,
        requests: group.length,
        failedReads: failed.filter(({ kind }) => kind === 'read').length,
        failedWrites: failed.filter(({ kind }) => kind === 'write').length,
        median: percentile(waits, 0.5),
        p99: percentile(waits, 0.99),
        max: longestOf(waits),
      };
    });
}

/** The first and last of each way to fail. */
function samplesOf(failed: readonly LoadResult[]): string[] {
  const groups = Map.groupBy(failed, ({ kind, outcome }) => `${kind} ${outcome}`);
  const each = Math.max(1, Math.floor(SAMPLES / Math.max(1, groups.size) / 2));
  return [...groups].flatMap(([what, group]) =>
    [...group.slice(0, each), ...group.slice(-each)].map(
      (one) =>
        `${what}: sent at ${Math.round(one.dueAt)} ms, waited ${Math.round(waitOf(one))} ms: ${one.detail.slice(0, 300)}`,
    ),
  );
}
