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
import { measureHttp1Watches, measureWatches } from './parts/watches.ts';
import type { Result } from './results.ts';
import { available } from './rivals/available.ts';

const PARTS = [
  'forwarded',
  'preferred',
  'lists',
  'writes',
  'http1',
  'fast',
  'bodies',
  'discovery',
  'watches',
  'watches-h1',
  'growth',
  'routing',
] as const;
type Part = (typeof PARTS)[number];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: PARTS.join() },
    results: { type: 'string' },
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/performance.md', import.meta.url)) },
  },
});
const before = circumstances();
const wanted = wantedParts(values.only, PARTS);
await using context = new Context({
  available: await available(),
  rounds: values.quick ? 1 : Number(values.rounds),
  share: values.quick ? 0.1 : 1,
  report,
});
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
  routing: measureRouting,
};
await measureParts(wanted, measure, before.date, values.results);
