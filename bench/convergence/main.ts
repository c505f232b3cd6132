import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
import { measureParts, runsOf, wantedParts } from '../parts.ts';
import { measureDefinitions, measurePolling } from './definitions.ts';
import { measureObjects } from './objects.ts';
import { circumstances, reportPage } from './report.ts';
import type { Measured } from './series.ts';
import { measureServers } from './servers.ts';

const HELP = `Measures how soon the proxy knows what changed, on real kube-apiservers, and writes docs/convergence.md.

Usage: npm run bench:convergence -- [flags]

  --rounds N      rounds of each situation but objects (default 50)
  --pairs N       definitions with an object each (default 1000)
  --lanes N       how many of them are applied at a time (default 20)
  --only LIST     of definitions, objects, servers, polling (default all); what is left out comes from --results
  --results FILE  keeps the measured values, for later runs with --only
  --output FILE   where the report goes (default docs/convergence.md)
  --help          this text

Takes about twelve minutes; leave the machine alone meanwhile.
`;

type Part = 'definitions' | 'objects' | 'servers' | 'polling';

const PARTS: readonly Part[] = ['definitions', 'objects', 'servers', 'polling'];
/** Of what is measured for comparison only. */
const COMPARED_ROUNDS = 10;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    pairs: { type: 'string', default: '1000' },
    lanes: { type: 'string', default: '20' },
    only: { type: 'string', default: PARTS.join() },
    results: { type: 'string' },
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/convergence.md', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await run();

async function run(): Promise<void> {
  const wanted = wantedParts(values.only, PARTS);
  const before = circumstances();
  const rounds = Number(values.rounds);
  const measure: Record<Part, () => Promise<readonly Measured[]>> = {
    definitions: () => measureDefinitions(rounds, report),
    objects: () => measureObjects(Number(values.pairs), Number(values.lanes), report),
    servers: () => measureServers(rounds, report),
    polling: () => measurePolling(Math.min(rounds, COMPARED_ROUNDS), report),
  };
  const measured = await measureParts(wanted, measure, before.date, values.results);
  const all = PARTS.flatMap((part) => measured.results[part] ?? []);
  await writeFile(values.output, reportPage(before, runsOf(measured, PARTS), all));
  process.stdout.write(`wrote ${values.output}\n`);
}
