import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

/** What one server did, as it says itself (audit.k8s.io/v1 Event, in part). */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: string;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: {
    readonly username: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly sourceIPs: readonly string[];
}

const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** Audit logs of several servers, one file each. */
export class AuditLogs {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<AuditLogs> {
    const directory = await mkdtemp(join(tmpdir(), 'mvproxy-audit-'));
    await writeFile(join(directory, 'policy.json'), JSON.stringify(POLICY));
    return new AuditLogs(directory);
  }

  /** Flags with which kube-apiserver `name` writes its log here. */
  flags(name: string): string[] {
    return [`--audit-policy-file=${join(this.#directory, 'policy.json')}`, `--audit-log-path=${this.#fileOf(name)}`];
  }

  /** The complete request with that Audit-ID at server `name`. Rejects when it does not appear. */
  async event(name: string, auditId: string | undefined): Promise<AuditEvent> {
    let found: AuditEvent | undefined;
    await eventually(`audit event ${auditId} of ${name}`, async () => {
      found = (await this.events(name)).find(({ auditID }) => auditID === auditId);
      return found !== undefined;
    });
    if (found === undefined) throw new RangeError('unreachable');
    return found;
  }

  async events(name: string): Promise<AuditEvent[]> {
    const text = await readFile(this.#fileOf(name), 'utf8').catch(() => '');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line): AuditEvent => JSON.parse(line));
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #fileOf(name: string): string {
    return join(this.#directory, `${name}.log`);
  }
}
