import type { ColumnResult } from './result.ts';
import type { Scenario } from './scenario.ts';

/** What only a look at the objects can tell when all is over. */
export type FinalFindings = Pick<ColumnResult, 'dependents' | 'namespaces' | 'watches' | 'writes'>;

/** Of a scenario that did not get so far. */
export const NO_FINDINGS: FinalFindings = {
  dependents: { live: 0, wronglyCollected: 0, byRound: [], examples: [] },
  namespaces: { deleted: 0, leaked: [], stuck: [] },
  watches: { informers: 0, expected: 0, missed: 0, relists: 0, watches: 0, examples: [] },
  writes: { acknowledged: 0, lost: 0, examples: [] },
};

/** Ends the load, and asks a capable server what is there. Rejects with Error when there is none. */
export async function finalFindings(scenario: Scenario): Promise<FinalFindings> {
  const { load, skewed } = scenario;
  const direct = scenario.capable();
  if (direct === undefined) throw new Error('No upgraded server is ready, so nothing can be verified.');
  await load.stop();
  const dependents = (await skewed?.dependents.findings(direct)) ?? NO_FINDINGS.dependents;
  const namespaces = (await skewed?.namespaces.findings(direct)) ?? NO_FINDINGS.namespaces;
  const lostOwners = (await skewed?.dependents.lostOwners(direct)) ?? [];
  const writes = await load.writeFindings(direct, lostOwners, skewed?.dependents.owners.length ?? 0);
  const watches = await load.watchFindings(direct);
  return { dependents, namespaces, watches, writes };
}
