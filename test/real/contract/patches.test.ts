import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { LabPlane } from '../../../src/lab/plane/lab-plane.ts';
import { startRealPlane } from '../../../src/lab/plane/real-plane.ts';
import { builtPrograms } from '../../../tools/control-plane/binaries.ts';
import { H2Client } from '../../support/api-client.ts';
import { eventually } from '../support/eventually.ts';

/** The requests and answers that the patches of embedded servers are held to, in src/lab/apiserver/patch/fixtures. */
interface Step {
  readonly method: string;
  readonly contentType?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly subresource?: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

interface Family {
  readonly definition?: unknown;
  readonly scenarios: readonly { readonly name: string; readonly resource: string; readonly steps: readonly Step[] }[];
}

/** `MVPROXY_RECORD_CONTRACT=1` records the answers anew instead of comparing them. */
const isRecording = process.env['MVPROXY_RECORD_CONTRACT'] === '1';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const JSON_TYPE = { 'content-type': 'application/json' };

const ROOTS: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1',
  poddisruptionbudgets: '/apis/policy/v1',
  widgets: '/apis/patch.example.com/v1',
};

describe('kube-apiserver 1.37.2 answers patches as recorded', () => {
  let plane: LabPlane;
  let client: H2Client;
  before(async () => {
    plane = await startRealPlane({ versions: ['1.37.2'], programs: builtPrograms(), builtIn: 'none' });
    const { pki, adminToken, servers } = plane;
    client = await H2Client.connect(servers[0]?.url ?? '', { ca: pki.servingCa.cert, token: adminToken });
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await client.request({ method: 'POST', path, headers: JSON_TYPE, body: read('apply').definition });
    await eventually('the custom type is served', async () => {
      return (await client.request({ path: collection('widgets') })).status === 200;
    });
  });
  after(async () => {
    client?.close();
    await plane?.close();
  });

  for (const family of ['strategic', 'apply']) {
    it(`${family}`, async () => {
      const recorded = read(family);
      const scenarios = [];
      for (const scenario of recorded.scenarios) {
        const steps = [];
        for (const step of scenario.steps) steps.push({ ...step, ...(await replay(scenario.resource, step)) });
        await remove(`${collection(scenario.resource)}/x`);
        if (!isRecording) assert.deepEqual(comparable(steps), comparable(scenario.steps), scenario.name);
        scenarios.push({ ...scenario, steps });
      }
      if (isRecording) write(family, { ...recorded, scenarios });
    });
  }

  async function replay(resource: string, { method, contentType, query, subresource, body }: Step) {
    const object = method === 'POST' ? '' : `/x${subresource === undefined ? '' : `/${subresource}`}`;
    const { status, text } = await client.request({
      method,
      path: `${collection(resource)}${object}?${new URLSearchParams(query)}`,
      headers: { 'content-type': contentType ?? 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status, answer: fixed(JSON.parse(text)) };
  }

  async function remove(path: string): Promise<void> {
    const body = { metadata: { finalizers: null } };
    await client.request({ method: 'PATCH', path, headers: MERGE, body });
    await client.request({ method: 'DELETE', path: `${path}?gracePeriodSeconds=0` });
  }
});

function collection(resource: string): string {
  return `${ROOTS[resource] ?? '/api/v1'}/namespaces/default/${resource}`;
}

interface Answer {
  metadata?: {
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    managedFields?: { time?: string }[];
  };
  details?: { causes?: { field?: string }[] };
}

/** Without what is different in every run. */
function fixed(answer: Answer): Answer {
  const { metadata } = answer;
  if (metadata?.uid === undefined) return answer;
  const { resourceVersion: _, generation: __, managedFields, ...rest } = metadata;
  const time = '2026-01-01T00:00:00Z';
  const entries = managedFields?.map((entry) => {
    return entry.time === undefined || entry.time.startsWith('2020') ? entry : { ...entry, time };
  });
  const kept = { ...rest, uid: 'the-uid', creationTimestamp: time };
  return { ...answer, metadata: entries === undefined ? kept : { ...kept, managedFields: entries } };
}

/** Causes of conflicts with several managers, and entries of two seconds, come in any order. */
function comparable(steps: unknown): unknown {
  const copy = structuredClone(steps) as { answer: Answer }[];
  for (const { answer } of copy) {
    answer.details?.causes?.sort((left, right) => ((left.field ?? '') < (right.field ?? '') ? -1 : 1));
    answer.metadata?.managedFields?.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  }
  return copy;
}

function file(family: string): URL {
  return new URL(`../../../src/lab/apiserver/patch/fixtures/${family}.json`, import.meta.url);
}

function read(family: string): Family {
  return JSON.parse(readFileSync(file(family), 'utf8'));
}

/** One line a step, so that changes can be read. */
function write(family: string, { definition, scenarios }: Family): void {
  const head = definition === undefined ? '' : `"definition":${JSON.stringify(definition)},\n`;
  const texts = scenarios.map(({ name, resource, steps }) => {
    const lines = steps.map((step) => JSON.stringify(step)).join(',\n');
    return `{"name":${JSON.stringify(name)},"resource":${JSON.stringify(resource)},"steps":[\n${lines}\n]}`;
  });
  writeFileSync(file(family), `{\n${head}"scenarios":[\n${texts.join(',\n')}\n]}\n`);
}
