import assert from 'node:assert/strict';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { apiRequest } from './api-request.ts';
import { eventually } from './eventually.ts';
import { whoAmI } from './who-am-i.ts';

/** Lets callers without credentials ask who they are; resolves when every server lets them. */
export async function letAnonymousAsk({ servers, pki }: ControlPlane): Promise<void> {
  const ca = pki.servingCa.cert;
  const { cert, key } = pki.admin;
  const apiGroup = 'rbac.authorization.k8s.io';
  const made = await apiRequest(`${servers[0]?.url}/apis/${apiGroup}/v1/clusterrolebindings`, {
    ca,
    cert,
    key,
    method: 'POST',
    body: {
      metadata: { name: 'anonymous-whoami' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'system:basic-user' },
      subjects: [{ apiGroup, kind: 'Group', name: 'system:unauthenticated' }],
    },
  });
  assert.equal(made.status, 201, made.body);
  for (const { name, url } of servers) {
    await eventually(`${name} lets anonymous callers ask who they are`, async () => {
      return (await whoAmI({ url, ca, protocol: 'h2' })).kind === 'user';
    });
  }
}
