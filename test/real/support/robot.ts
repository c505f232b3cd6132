import assert from 'node:assert/strict';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { apiRequest } from './api-request.ts';
import { eventually } from './eventually.ts';

const CLUSTER_ROLE_BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const BINDING = {
  metadata: { name: 'robot' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'robot' }],
};

/** A token of the service account `default/robot`, which may do everything; resolves when every server lets it. */
export async function robotToken(controlPlane: ControlPlane): Promise<string> {
  const { servers, pki } = controlPlane;
  const token = await controlPlane.serviceAccountToken('default', 'robot');
  const ca = pki.servingCa.cert;
  const { cert, key } = pki.admin;
  const made = await apiRequest(`${servers[0]?.url}${CLUSTER_ROLE_BINDINGS}`, {
    ca,
    cert,
    key,
    method: 'POST',
    body: BINDING,
  });
  assert.equal(made.status, 201, made.body);
  for (const { name, url } of servers) {
    await eventually(
      `${name} lets the robot work`,
      async () => (await apiRequest(`${url}/api/v1/secrets`, { ca, token })).status === 200,
    );
  }
  return token;
}
