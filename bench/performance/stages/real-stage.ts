import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import type { ProcessContext } from '../../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import { type HttpClient, httpClient } from '../../../test/real/support/http-client.ts';
import { JOB_WORK, WITHOUT_JOBS } from '../../../test/real/support/object-work.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import type { ProcessName } from '../results.ts';
import type { Backends } from '../rivals/rival.ts';
import { pidOf, type Stage } from './stage.ts';

export const SERVER_VERSION = '1.36.3';
export const JOB = '/apis/batch/v1/namespaces/default/jobs/measured';
export const CONFIG_MAP = '/api/v1/namespaces/default/configmaps/measured?resourceVersion=0';
const ACCOUNT = { namespace: 'performance', name: 'client' };
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
/** Writes under way at once. */
const WRITERS = 32;

/**
 * Two kube-apiservers with their own mixed version proxy on. The preferred one does not serve Jobs: native forwarding is
 * what a client of it gets.
 */
export class RealStage implements Stage, AsyncDisposable {
  readonly controlPlane: ControlPlane;
  /** An administrator's connections to the preferred server. */
  readonly admin: HttpClient;
  readonly #made = new Set<string>();

  private constructor(controlPlane: ControlPlane) {
    this.controlPlane = controlPlane;
    const { pki } = controlPlane;
    const url = controlPlane.server('preferred').url;
    this.admin = httpClient({ url, protocol: 'http/1.1', ca: pki.servingCa.cert, certificate: pki.admin });
  }

  static async start(): Promise<RealStage> {
    const native = { version: SERVER_VERSION, peerProxy: true };
    const controlPlane = await startControlPlane({
      servers: [
        { ...native, name: 'preferred', hostname: 'preferred', runtimeConfig: WITHOUT_JOBS },
        { ...native, name: 'other', hostname: 'other' },
      ],
      report: () => {},
    });
    const stage = new RealStage(controlPlane);
    try {
      await stage.#makeObjects();
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  get directory(): string {
    return this.controlPlane.directory;
  }

  get pki(): Pki {
    return this.controlPlane.pki;
  }

  get backends(): Backends {
    const other = { url: this.controlPlane.server('other').url, paths: '/apis/batch/' };
    return { preferred: this.controlPlane.server('preferred').url, other };
  }

  get behind(): Readonly<Partial<Record<ProcessName, number>>> {
    const { etcd } = this.controlPlane;
    const server = (name: string) => pidOf(this.controlPlane.server(name));
    return { preferred: server('preferred'), other: server('other'), etcd: pidOf(etcd) };
  }

  processContext(name: string): ProcessContext {
    return this.controlPlane.processContext(name);
  }

  /** The token of a ServiceAccount that may do everything but is subject to priority and fairness; valid for an hour. */
  async token(): Promise<string> {
    return this.controlPlane.serviceAccountToken(ACCOUNT.namespace, ACCOUNT.name);
  }

  /** Makes ConfigMaps of about 700 bytes in a namespace of that name, once. */
  async makeConfigMaps(namespace: string, count: number): Promise<void> {
    if (this.#made.has(namespace)) return;
    this.#made.add(namespace);
    await this.#create('/api/v1/namespaces', { metadata: { name: namespace } });
    let next = 0;
    const write = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) {
        const object = { metadata: { name: `object-${index}` }, data: { text: 'x'.repeat(350) } };
        await this.#create(`/api/v1/namespaces/${namespace}/configmaps`, object);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.close();
    await this.controlPlane.stop();
  }

  async #makeObjects(): Promise<void> {
    const subject = { kind: 'ServiceAccount', ...ACCOUNT };
    const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    await this.#create(BINDINGS, { metadata: { name: 'performance' }, roleRef: role, subjects: [subject] });
    const annotations = { 'performance/padding': 'x'.repeat(1_200) };
    const { spec } = JOB_WORK.object('measured') as { spec: object };
    const { url } = this.controlPlane.server('other');
    const other = httpClient({ url, protocol: 'h2', ca: this.pki.servingCa.cert, certificate: this.pki.admin });
    try {
      await create(other, JOB_WORK.written, { metadata: { name: 'measured', annotations }, spec });
    } finally {
      other.close();
    }
    await this.#create('/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'measured' },
      data: { text: 'x'.repeat(300) },
    });
  }

  #create(target: string, body: object): Promise<void> {
    return create(this.admin, target, body);
  }
}

async function create(client: HttpClient, target: string, body: object): Promise<void> {
  const answer = await client.request({ method: 'POST', target, body });
  if (answer.status !== 201) throw new Error(`POST ${target} was answered ${answer.status}: ${answer.body}`);
}
