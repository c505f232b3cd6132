import { measureDecisions } from '../../scale/decisions.ts';
import type { Result } from '../results.ts';

const SERVERS = [3, 10, 100, 500];
const TYPES = [50, 1_000, 5_000];

/** The routing decision alone, in this process. */
export async function measureRouting(): Promise<readonly Result[]> {
  const decisions = SERVERS.flatMap((servers) => TYPES.map((types) => measureDecisions(servers, types)));
  return [{ kind: 'decisions', decisions }];
}
