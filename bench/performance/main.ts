import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
import { circumstances } from '../convergence/report.ts';
import { measureParts, wantedParts } from '../parts.ts';
import { Context } from './context.ts';
import { measureRouting } from './parts/decisions.ts';
import { measureDiscovery } from './parts/discovery.ts';
import { measureBodies, measureFast } from './parts/fast.ts';
import { measureForwarded, measureWrites } from './parts/forwarded.ts';
import { measureGrowth } from './parts/growth.ts';
import { measureHttp1 } from './parts/http1.ts';
import { measureLists, measurePreferred } from './parts/preferred.ts';
import { measureProfile } from './parts/profile.ts';
import { measureUpgrade } from './parts/upgrade.ts';
import { measureHttp1Watches, measureWatches } from './parts/watches.ts';
import { PARTS, type Part } from './parts.ts';
import { writeReport } from './report/write-report.ts';
import type { Result } from './results.ts';
import { available } from './rivals/available.ts';

const HELP = `Measures the proxy beside native, nginx, haproxy and others on the same work, and writes docs/performance.md.

Usage: npm run bench:performance -- [flags]

  --rounds N      of every measurement, the rivals taking turns (default 3)
  --quick         one round of a tenth of the work, to see that everything runs
  --only LIST     of ${PARTS.slice(0, 8).join(', ')},
                  ${PARTS.slice(8).join(', ')} (default all; "none" only writes the report);
                  the rest comes from --results
  --results FILE  keeps what was measured, for later runs with --only
  --output FILE   where the report goes (default docs/performance.md), its plots into a directory of the same name
  --help          this text

Takes about forty minutes; leave the machine alone meanwhile. Needs Linux, h2load and wrk; nginx and haproxy where installed.
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: PARTS.join() },
    results: { type: 'string' },
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/performance.md', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await run();

async function run(): Promise<void> {
  const wanted = values.only === 'none' ? [] : wantedParts(values.only, PARTS);
  const before = circumstances();
  const found = await available();
  for (const { rival, why } of found.absent) report(`${rival} is left out: ${why}.`);
  const rounds = values.quick ? 1 : Number(values.rounds);
  await using context = new Context({ available: found, rounds, share: values.quick ? 0.1 : 1, report });
  const measure: Record<Part, () => Promise<readonly Result[]>> = {
    forwarded: () => measureForwarded(context),
    preferred: () => measurePreferred(context),
    lists: () => measureLists(context),
    writes: () => measureWrites(context),
    http1: () => measureHttp1(context),
    fast: () => measureFast(context),
    bodies: () => measureBodies(context),
    discovery: () => measureDiscovery(context),
    watches: () => measureWatches(context),
    'watches-h1': () => measureHttp1Watches(context),
    growth: () => measureGrowth(context),
    upgrade: () => measureUpgrade(context),
    routing: measureRouting,
    profile: () => measureProfile(context),
  };
  const measured = await measureParts(wanted, measure, before.date, values.results);
  await writeReport(values.output, measured, { before, versions: found.versions, absent: found.absent });
  process.stdout.write(`wrote ${values.output}\n`);
}
