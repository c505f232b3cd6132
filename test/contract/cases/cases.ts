import type { ContractCase } from './case.ts';
import { createCases } from './create.ts';
import { customTypeCases } from './custom-types.ts';
import { deleteCases } from './delete.ts';
import { discoveryCases } from './discovery.ts';
import { identityCases } from './identity.ts';
import { listCases } from './list.ts';
import { namespaceCases } from './namespaces.ts';
import { patchCases } from './patch.ts';
import { routeCases } from './routes.ts';
import { subresourceCases } from './subresources.ts';
import { tableCases } from './tables.ts';
import { updateCases } from './update.ts';
import { watchCases } from './watch.ts';

/** Everything that is asked of an API server, in the order in which it is asked. */
export const cases: readonly ContractCase[] = [
  ...createCases,
  ...listCases,
  ...watchCases,
  ...updateCases,
  ...patchCases,
  ...deleteCases,
  ...subresourceCases,
  ...namespaceCases,
  ...customTypeCases,
  ...tableCases,
  ...identityCases,
  ...routeCases,
  ...discoveryCases,
];
