import type { RunSummary } from './summary.ts';

/** One figure beside that of the native feature. */
export interface Figure {
  readonly what: string;
  /** '' when there is none. */
  readonly goal: string;
  readonly mvproxy: string;
  readonly native: string;
  /** Whether the figure of mvproxy meets the goal; undefined when there is none. */
  readonly met: boolean | undefined;
}

/** One table of a scenario. */
export interface ScenarioTable {
  /** Markdown. */
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One measured situation, ready to be reported. */
export interface Scenario {
  readonly title: string;
  /** What was done, in Markdown. */
  readonly method: string;
  readonly figures: readonly Figure[];
  readonly tables: readonly ScenarioTable[];
  /** What stood behind the figures; not in the report. */
  readonly runs: readonly RunSummary[];
}

/** A count that has to be 0. */
export function noneOf(what: string, mvproxy: number, native: number | string): Figure {
  return { what, goal: '0', mvproxy: String(mvproxy), native: String(native), met: mvproxy === 0 };
}

/** A time that has to stay below a limit; both in milliseconds. `undefined`: it never happened. */
export function atMost(
  what: string,
  limit: number,
  mvproxy: number | undefined,
  native: number | undefined | string,
): Figure {
  return {
    what,
    goal: `≤ ${seconds(limit)}`,
    mvproxy: seconds(mvproxy),
    native: typeof native === 'string' ? native : seconds(native),
    met: (mvproxy ?? 0) <= limit,
  };
}

/** A figure without a goal. */
export function remark(what: string, mvproxy: string, native: string): Figure {
  return { what, goal: '', mvproxy, native, met: undefined };
}

export function seconds(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
