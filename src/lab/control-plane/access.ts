import { setTimeout as delay } from 'node:timers/promises';
import { CONTROL_USER } from '../../servers/control-identity.ts';
import { WATCHED_RESOURCES } from '../../servers/watches/watched-resource.ts';
import type { Pki } from '../pki/pki.ts';
import { proxyRbac, rbacResource } from '../proxy-rbac.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { type OnceAnswer, requestOnce } from './request-once.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const POLL_MS = 50;
const TIMEOUT_MS = 60_000;

interface Server {
  readonly name: string;
  readonly url: string;
}

interface RbacObject {
  readonly path: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly object[];
  readonly roleRef?: object;
  readonly subjects?: readonly object[];
}

/** What kube-apiserver creates by itself, which it may do a moment after it has said that it is ready. */
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

/** Groups with types that some version in support serves and another does not. */
const SKEWED_GROUPS = [
  'admissionregistration.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
];

/** Types outside namespaces, which the built-in view role leaves out. */
const CLUSTER_WIDE_CORE = ['nodes', 'namespaces', 'persistentvolumes'];

/**
 * Lets jane read everything but Secrets, through both of her groups: whoever forwards her identity and loses one of
 * several X-Remote-Group headers is told so by a 403.
 *
 * The role bound to `dev` is the one `view` is aggregated from: the aggregation is done by kube-controller-manager,
 * which does not run here, so that `view` itself grants nothing.
 */
const OBJECTS: readonly RbacObject[] = [
  {
    path: 'clusterroles',
    kind: 'ClusterRole',
    metadata: { name: 'control-plane:skewed-types-reader' },
    rules: [
      { apiGroups: SKEWED_GROUPS, resources: ['*'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: CLUSTER_WIDE_CORE, verbs: ['get', 'list', 'watch'] },
    ],
  },
  binding('control-plane:view', 'system:aggregate-to-view', 'dev'),
  binding('control-plane:skewed-types', 'control-plane:skewed-types-reader', 'ops'),
];

function binding(name: string, role: string, group: string): RbacObject {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    path: 'clusterrolebindings',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup, kind: 'Group', name: group }],
  };
}

/** Requests as a user of `pki`, answered by one server. */
function requester(
  server: Server,
  pki: Pki,
  user: 'admin' | 'jane',
): (path: string, body?: object) => Promise<OnceAnswer> {
  return (path, body) =>
    requestOnce(`${server.url}${path}`, {
      ca: pki.servingCa.cert,
      certificate: pki[user],
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
}

/**
 * Creates jane's roles and those of deploy/rbac.yaml through `servers[0]` and resolves when every server applies them.
 *
 * @throws {ControlPlaneError} `RequestFailed`.
 */
export async function grantAccess(servers: readonly Server[], pki: Pki): Promise<void> {
  const [first] = servers;
  if (first === undefined) return;
  const asAdmin = requester(first, pki, 'admin');
  for (const name of SYSTEM_NAMESPACES) await untilAllowed(first, `/api/v1/namespaces/${name}`, asAdmin);
  for (const { path, ...object } of OBJECTS) {
    const body = { apiVersion: 'rbac.authorization.k8s.io/v1', ...object };
    await created(first, `${RBAC}/${path}`, body, asAdmin);
  }
  for (const object of await proxyRbac()) {
    const { namespace } = object.metadata;
    const scope = namespace === undefined ? '' : `namespaces/${namespace}/`;
    await created(first, `${RBAC}/${scope}${rbacResource(object)}`, object, asAdmin);
  }
  const paths = ['/api/v1/configmaps?limit=1', '/api/v1/nodes?limit=1'];
  const waits = servers.flatMap((server) => {
    const asJane = requester(server, pki, 'jane');
    return [...paths.map((path) => untilAllowed(server, path, asJane)), untilProxyMayWatch(server, pki)];
  });
  await Promise.all(waits);
}

/**
 * A bearer token of the service account, valid for an hour. Creates the namespace and the account when they are missing.
 *
 * @throws {ControlPlaneError} `RequestFailed`.
 */
export async function requestServiceAccountToken(
  server: Server,
  pki: Pki,
  namespace: string,
  name: string,
): Promise<string> {
  const asAdmin = requester(server, pki, 'admin');
  await created(server, '/api/v1/namespaces', { metadata: { name: namespace } }, asAdmin);
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await created(server, accounts, { metadata: { name } }, asAdmin);
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600 } };
  const answer = await asAdmin(`${accounts}/${name}/token`, body);
  if (answer.status !== 201) throw failed(server, `${accounts}/${name}/token`, answer);
  const { status }: { status: { token: string } } = JSON.parse(answer.body);
  return status.token;
}

async function created(
  server: Server,
  path: string,
  body: object,
  request: (path: string, body: object) => Promise<OnceAnswer>,
): Promise<void> {
  const answer = await request(path, body);
  const alreadyThere = answer.status === 409;
  if (answer.status !== 201 && !alreadyThere) throw failed(server, path, answer);
}

/** Resolves when there is the answer 200. */
async function untilAllowed(
  server: Server,
  path: string,
  request: (path: string) => Promise<OnceAnswer>,
): Promise<void> {
  const started = performance.now();
  for (;;) {
    const answer = await request(path);
    if (answer.status === 200) return;
    if (performance.now() - started > TIMEOUT_MS) throw failed(server, path, answer);
    await delay(POLL_MS);
  }
}

/** A proxy that is refused a watch does not ask again for a minute. */
async function untilProxyMayWatch(server: Server, pki: Pki): Promise<void> {
  const asAdmin = requester(server, pki, 'admin');
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const started = performance.now();
  for (const { group, resource, namespace, name } of WATCHED_RESOURCES) {
    const resourceAttributes = { verb: 'watch', group, resource, namespace, name };
    const spec = { user: CONTROL_USER, groups: ['system:authenticated'], resourceAttributes };
    for (;;) {
      const answer = await asAdmin(path, { spec });
      if (answer.status !== 201) throw failed(server, path, answer);
      const review: { status: { allowed: boolean } } = JSON.parse(answer.body);
      if (review.status.allowed) break;
      if (performance.now() - started > TIMEOUT_MS) throw failed(server, path, answer);
      await delay(POLL_MS);
    }
  }
}

function failed(server: Server, path: string, answer: OnceAnswer): ControlPlaneError {
  return new ControlPlaneError(
    'RequestFailed',
    `${server.name} answered ${answer.status} to ${path}, so access to the control plane could not be set up. ` +
      `Look into its log. Its answer: ${answer.body.slice(0, 500)}`,
  );
}
