import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
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
type Results = Partial<Record<Part, readonly Measured[]>>;

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
  const wanted = values.only.split(',');
  const unknown = wanted.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no part "${unknown}". The parts are: ${PARTS.join(', ')}.\n`);
    process.exitCode = 2;
    return;
  }
  const before = circumstances();
  const started = performance.now();
  const rounds = Number(values.rounds);
  const measure: Record<Part, () => Promise<readonly Measured[]>> = {
    definitions: () => measureDefinitions(rounds, report),
    objects: () => measureObjects(Number(values.pairs), Number(values.lanes), report),
    servers: () => measureServers(rounds, report),
    polling: () => measurePolling(Math.min(rounds, COMPARED_ROUNDS), report),
  };
  const results = await earlier(values.results);
  for (const part of PARTS) {
    if (!wanted.includes(part)) continue;
    results[part] = await measure[part]();
    if (values.results !== undefined) await writeFile(values.results, `${JSON.stringify(results)}\n`);
  }
  const all = PARTS.flatMap((part) => results[part] ?? []);
  await writeFile(values.output, reportPage(before, (performance.now() - started) / 1_000, all));
  process.stdout.write(`wrote ${values.output}\n`);
}

async function earlier(file: string | undefined): Promise<Results> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const parsed: Results = JSON.parse(text);
  return parsed;
}
