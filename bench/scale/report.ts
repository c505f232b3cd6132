import { page, table } from '../../tools/reference/markdown.ts';
import type { Circumstances } from '../convergence/report.ts';
import type { ControlPathResult } from './control-path.ts';
import type { DecisionResult } from './decisions.ts';
import type { Population } from './documents.ts';

export interface ScaleResults {
  readonly decisions: readonly DecisionResult[];
  readonly controlPaths: readonly ControlPathResult[];
}

const VARIETIES: Readonly<Record<Population['variety'], string>> = {
  versions: 'three versions',
  'own-type': 'and a type of its own for each server',
  'all-different': 'no group of two servers equal',
};

/** The report as a Markdown page. */
export function reportPage(
  { date, machine, node, load }: Circumstances,
  { decisions, controlPaths }: ScaleResults,
): string {
  const nameOf = ({ servers, types, variety }: Population) => `${servers} × ${types}, ${VARIETIES[variety]}`;
  return page(
    '# Scale',
    `How cost grows with servers and types, measured by \`npm run bench:scale\`, which writes this page. The servers are simulated: they
answer from memory, so that figures hold the proxy’s whole work but TLS and HTTP/2. In real control planes there are three to nine
servers; these are limits that nobody should meet.`,
    table(
      ['measured', ''],
      [
        ['on', `${date} UTC`],
        ['machine', `${machine} (load ${load.toFixed(1)} before)`],
        ['proxy', `default intervals, Node ${node}`],
      ],
    ),
    `A server has one of three versions; each older version lacks one more group of ten types. “100 × 5000” are 100 servers with 5,000
group-version-resources each.`,
    '## A decision',
    `Nanoseconds for one request of a client whose preferred server is of the oldest version. *Servers looked at*: whose load was read
when a peer was chosen.`,
    table(
      [
        'servers',
        'types',
        'preferred is capable',
        'a peer is needed',
        'nobody is capable',
        'new connection',
        'servers looked at',
      ],
      decisions.map(({ servers, types, preferredNs, peerNs, nobodyNs, connectionNs, visits }) => [
        String(servers),
        String(types),
        ...[preferredNs, peerNs, nobodyNs, connectionNs].map((ns) => String(Math.round(ns))),
        String(visits),
      ]),
    ),
    '## The control path',
    `Every server is probed each second and its discovery and OpenAPI index are read every two, as by default. *Longest turn*: of the event
loop, for so long a request may have had to wait. *Readiness → snapshot*: from a refused connection to the snapshot that says so, at
20 servers.`,
    table(
      ['servers', 'start → all merged', 'readiness → snapshot, median', 'max', 'a type on all servers → merged'],
      controlPaths.map(({ population, startMs, flipMs, allChangeMs }) => [
        nameOf(population),
        ms(startMs),
        ms(flipMs.median),
        ms(flipMs.longest),
        ms(allChangeMs),
      ]),
    ),
    'What is found out by reading is found out at the next reading: up to two seconds of the last column are waiting.',
    table(
      ['servers', 'longest turn: start', 'readiness changes', 'one document changes', 'all documents change'],
      controlPaths.map(({ population, turns }) => [
        nameOf(population),
        ...[turns.start, turns.flip, turns.oneChanges, turns.allChange].map(ms),
      ]),
    ),
    table(
      ['servers', 'document of one', 'memory for all', 'CPU at rest', 'answers read at rest', 'snapshots at rest'],
      controlPaths.map(({ population, documentBytes, bytes, rest }) => [
        nameOf(population),
        `${Math.round(documentBytes / 1_024)} KiB`,
        `${(bytes / 2 ** 20).toFixed(1)} MiB`,
        `${(rest.cpuMs / 10).toFixed(1)} %`,
        `${Math.round(rest.answers)}/s`,
        `${Math.round(rest.snapshots)}/s`,
      ]),
    ),
    `Memory is heap and buffers, after a collection, for everything that is known of the servers: documents, tables, merged and compressed
documents, OpenAPI, connections without sockets. It grows with the number of different documents: equal ones are kept once, and
different ones share the groups that they have in common.`,
  );
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
