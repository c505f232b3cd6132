import { code, page, table } from '../../tools/reference/markdown.ts';
import { VARIANTS } from './observers.ts';
import { type Rounds, type Spread, type Summary, summaries } from './rounds.ts';
import type { ScrapeCost } from './scrape-cost.ts';

/** One load, measured both ways. */
export interface MeasuredLoad {
  readonly name: string;
  readonly overTheWire: Rounds;
  readonly inMemory: Rounds;
}

export interface Measured {
  readonly date: string;
  readonly node: string;
  readonly processor: string;
  readonly rounds: number;
  readonly requests: { readonly overTheWire: number; readonly inMemory: number };
  readonly loads: readonly MeasuredLoad[];
  readonly scrapes: readonly ScrapeCost[];
}

/** `docs/observability-cost.md`. */
export function reportPage({ date, node, processor, rounds, requests, loads, scrapes }: Measured): string {
  return page(
    '# What observability costs',
    `Written by ${code('npm run bench:observability')} on ${date}: Node ${node}, ${processor}.`,
    [
      'Each request that was answered is counted (metrics), remembered in a ring (journal, which `/decisions` and the console show) and, with',
      '`logging.accessLog: all`, written as a line of JSON. The default is metrics and journal. Here is the processor time of that, as a',
      'ratio to a proxy that does nothing of it in the same round. The number is the one in the middle of all rounds; half of the rounds',
      'lie between those behind it, which say how sure it is.',
    ].join('\n'),
    '## The whole proxy',
    [
      `A small GET over TLS and HTTP/2 on both sides, ${requests.overTheWire.toLocaleString('en')} requests after as many that are not measured. What the compiler makes of`,
      `the code differs from process to process, so that each of the ${rounds} rounds has a new process for each row, in turn: ${rounds * VARIANTS.length}`,
      'processes for a table. There are 32 requests at a time on one connection, which share reads and writes: requests that come one by one',
      'cost several times as much, and the same for being counted, so that their ratios are nearer to 1. The access log goes to',
      '`/dev/null`; other threads of the process, which write it, count. It is for finding something out: `logging.accessLog: notable`',
      'writes the few lines that an operator looks for. A row whose half of the rounds lies on both sides of 1.000 is lost in what',
      'processes differ by; the tables of the request path alone show it.',
    ].join('\n'),
    ...loads.flatMap(({ name, overTheWire }) => [`### ${name}`, ratioTable(summaries(overTheWire))]),
    '## The request path alone',
    [
      'What lies between the two HTTP/2 connections: identity, routing, forwarding. Clients and servers are objects in memory, so that',
      `small differences show; ${requests.inMemory.toLocaleString('en')} requests a round.`,
    ].join('\n'),
    ...loads.flatMap(({ name, inMemory }) => [`### ${name}, in memory`, ratioTable(summaries(inMemory))]),
    '## A scrape',
    'One scrape is made in the thread that serves requests.',
    table(
      ['Series', 'CPU'],
      scrapes.map(({ series, milliseconds }) => [series.toLocaleString('en'), `${milliseconds.toFixed(1)} ms`]),
    ),
  );
}

function ratioTable(rows: readonly Summary[]): string {
  return table(
    ['The proxy does', 'CPU a request, µs', 'Half of the rounds', 'Ratio', 'Half of the rounds'],
    rows.map(({ variant, microseconds, ratio }) => [
      variant,
      microseconds.middle.toFixed(1),
      half(microseconds, 1),
      ratio.middle.toFixed(3),
      variant === 'nothing' ? '' : half(ratio, 3),
    ]),
  );
}

function half({ from, to }: Spread, digits: number): string {
  return `${from.toFixed(digits)} to ${to.toFixed(digits)}`;
}
