import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { loads } from '../pipeline/loads.ts';
import { inMemory } from './in-memory.ts';
import { overTheWire } from './over-the-wire.ts';
import { type MeasuredLoad, reportPage } from './report.ts';
import { scrapeCost } from './scrape-cost.ts';

/*
 * What it costs a request to be counted, remembered and logged, as a ratio of CPU to a proxy that does none of it.
 *
 *   npm run bench:observability [-- --rounds N --requests N --output FILE]    # FILE "-": standard output; ten minutes
 */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    requests: { type: 'string', default: '20000' },
    output: { type: 'string', default: 'docs/observability-cost.md' },
  },
});
const rounds = Number(values.rounds);
const requests = { overTheWire: Number(values.requests), inMemory: 10 * Number(values.requests) };
const WANTED = ['GET, own token', 'GET, only a peer serves it'];
const report = (line: string): void => void process.stderr.write(`${line}\n`);

const measured: MeasuredLoad[] = [];
for (const load of loads('').filter(({ name }) => WANTED.includes(name))) {
  const wire = await overTheWire(load, rounds, requests.overTheWire, report);
  report(`${load.name}, in memory`);
  measured.push({ name: load.name, overTheWire: wire, inMemory: await inMemory(load, rounds, requests.inMemory) });
}
const scrapes = [await scrapeCost(0, 40, 20), await scrapeCost(300, 150, 20), await scrapeCost(5_000, 1_000, 10)];
const text = reportPage({
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  processor: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
  rounds,
  requests,
  loads: measured,
  scrapes,
});
if (values.output === '-') process.stdout.write(text);
else await writeFile(values.output, text);
