import type { ProxyStatus, SkewReport, Timeline, Unexpected404List } from './answers.ts';
import { outcomeInWords } from './unexpected.ts';
import type { Verdict } from './verdict.ts';
import { groupVersion, resourceName, typeName } from './words.ts';

/** What an exported report is made from. */
export interface ReportSource {
  readonly verdict: Verdict;
  readonly status: ProxyStatus | undefined;
  readonly skew: SkewReport | undefined;
  readonly unexpected: Unexpected404List | undefined;
  readonly timeline: Timeline | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A report before it is written as HTML or Markdown. Times are UTC, so that it can be held against logs. */
export interface Report {
  readonly title: string;
  readonly facts: readonly string[];
  readonly tables: readonly ReportTable[];
}

export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Said instead of a table without rows. */
  readonly empty: string;
}

const NOT_READ = 'Not known: it could not be read.';

export function upgradeReport({ verdict, status, skew, unexpected, timeline, now }: ReportSource): Report {
  const answer = `Safe to go on? ${verdict.title}.`;
  const since = timeline === undefined ? [] : [`Known since ${utc(timeline.since)}.`];
  return {
    title: 'Control plane upgrade',
    facts: [
      `Written ${utc(new Date(now).toISOString())}.`,
      ...since,
      answer,
      ...verdict.reasons.map(({ text }) => text),
      ...verdict.facts,
    ],
    tables: [
      {
        title: 'Servers',
        head: ['Server', 'Version', 'State', 'Address', 'Remark'],
        rows: (status?.servers ?? []).map(({ name, version = '', state, address, condition, discovery }) => [
          name,
          version,
          state,
          address,
          condition || discovery.failure,
        ]),
        empty: status === undefined ? NOT_READ : 'No server is known.',
      },
      {
        title: 'Unexpected 404s',
        head: ['Client', 'Resource', 'Server', 'What became of it', 'Count', 'Last', 'Path'],
        rows: (unexpected?.items ?? []).map((item) => [
          item.client,
          typeName(item),
          item.server,
          outcomeInWords(item.outcome),
          String(item.count),
          utc(item.lastAt),
          item.lastPath,
        ]),
        empty: unexpected === undefined ? NOT_READ : 'None.',
      },
      {
        title: 'Timeline',
        head: ['Time', 'What', 'Server', 'In words'],
        rows: [...(timeline?.items ?? [])].reverse().map(({ at, type, server, text }) => [utc(at), type, server, text]),
        empty: timeline === undefined ? NOT_READ : 'Nothing happened.',
      },
      {
        title: 'Differences between servers at the time of writing',
        head: [
          'Resource',
          'Group and version',
          ...(skew?.servers ?? []).map(({ name, version }) => `${name} ${version}`),
          'Findings',
        ],
        rows: (skew?.rows ?? [])
          .filter(({ findings }) => findings.length > 0)
          .map((row) => [
            resourceName(row),
            groupVersion(row),
            ...row.servers.map(({ serves }) => serves),
            row.findings.join(', '),
          ]),
        empty: skew === undefined ? NOT_READ : 'All servers serve the same.',
      },
    ],
  };
}

/** `2026-03-03 14:03:07.120 UTC`; what is no time stays as it is. */
function utc(at: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? at : new Date(time).toISOString().replace('T', ' ').replace('Z', ' UTC');
}
