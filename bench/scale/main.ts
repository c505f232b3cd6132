import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { circumstances } from '../convergence/report.ts';
import { type ControlPathResult, measureControlPath } from './control-path.ts';
import { measureDecisions } from './decisions.ts';
import type { Population } from './documents.ts';
import { reportPage } from './report.ts';

const HELP = `Measures how the proxy's cost grows with servers and types, on simulated servers, and writes docs/scale.md.

Usage: npm run bench:scale -- [flags]

  --output FILE  where the report goes (default docs/scale.md)
  --help         this text

Takes about five minutes; leave the machine alone meanwhile.
`;

const POPULATIONS: readonly Population[] = [
  { servers: 3, types: 1_000, variety: 'versions' },
  { servers: 100, types: 5_000, variety: 'versions' },
  { servers: 500, types: 1_000, variety: 'versions' },
  { servers: 100, types: 1_000, variety: 'own-type' },
  { servers: 30, types: 1_000, variety: 'all-different' },
];
const SERVERS = [3, 10, 50, 100, 500];
const TYPES = [50, 1_000, 5_000];

const { values } = parseArgs({
  options: {
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/scale.md', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
    // Of the processes that this one starts: each population has a heap of its own.
    population: { type: 'string' },
  },
});

if (values.help) process.stdout.write(HELP);
else if (values.population !== undefined) await measureOne(JSON.parse(values.population));
else await run();

async function measureOne(population: Population): Promise<void> {
  process.stdout.write(JSON.stringify(await measureControlPath(population)));
  // Readings that wait for a simulated server hold nothing up.
  process.exit(0);
}

async function run(): Promise<void> {
  const before = circumstances();
  const decisions = SERVERS.flatMap((servers) => TYPES.map((types) => measureDecisions(servers, types)));
  const controlPaths: ControlPathResult[] = [];
  for (const population of POPULATIONS) {
    process.stderr.write(`${JSON.stringify(population)}\n`);
    controlPaths.push(await inProcess(population));
  }
  await writeFile(values.output, reportPage(before, { decisions, controlPaths }));
  process.stdout.write(`wrote ${values.output}\n`);
}

async function inProcess(population: Population): Promise<ControlPathResult> {
  const script = fileURLToPath(import.meta.url);
  const args = ['--expose-gc', '--max-old-space-size=8192', script, '--population', JSON.stringify(population)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 20 });
  const result: ControlPathResult = JSON.parse(stdout);
  return result;
}
