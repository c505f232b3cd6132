import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RequestExplanation } from '../../src/admin/request-explanation.ts';
import type { StatusReport } from '../../src/admin/status-report.ts';
import { temporaryFiles } from '../../src/config/testing/temporary-files.ts';
import { LabClient } from '../../src/lab/client/lab-client.ts';
import { startGateway } from '../../src/lab/front/gateway.ts';
import { labKubeconfig } from '../../src/lab/pki/kubeconfig.ts';
import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import type { LabPlane } from '../../src/lab/plane/lab-plane.ts';
import type { PreflightReport } from '../../src/preflight/preflight-report.ts';
import type { SkewReport } from '../../src/skew/skew-report.ts';
import type { SurfacingReport } from '../../src/surfacing/surfacing-report.ts';
import { assertGolden } from '../support/golden.ts';
import { ReadingCommands } from '../support/reading-commands.ts';
import { allReady, until } from './support/running-lab.ts';

const ignore = (): void => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const NAMES = ['server-1', 'server-2', 'server-3'];
/** Only server-3 has it. */
const TYPE = { group: 'resource.k8s.io', version: 'v1', resource: 'devicetaintrules' };
const PATH = '/apis/resource.k8s.io/v1/devicetaintrules';

describe('every reading command, of embedded servers 1.34.4, 1.36.3 and 1.37.2', () => {
  let plane: LabPlane;
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let files: Awaited<ReturnType<typeof temporaryFiles>>;
  let commands: ReadingCommands;
  before(async () => {
    plane = await startEmbeddedPlane({ versions: ['1.34', '1.36', '1.37'], builtIn: 'none', logger });
    gateway = await startGateway(plane, { logger });
    await allReady(gateway.adminUrl);
    files = await temporaryFiles({});
    const { cert: ca } = plane.pki.servingCa;
    const contexts = plane.servers.map(({ name, url: server }) => ({ name, server, ca, user: 'admin' }));
    const kubeconfig = labKubeconfig(contexts, { admin: { kind: 'token', token: plane.adminToken } });
    await writeFile(join(files.directory, 'config'), kubeconfig);
    commands = new ReadingCommands(files.directory);
    const client = new LabClient({
      name: 'test',
      url: gateway.url,
      ca,
      token: plane.adminToken,
      userAgent: 'kubectl/v1.37.2',
      timeoutMs: 5_000,
    });
    assert.equal((await client.request('GET', PATH)).status, 200);
    await client.close();
    // A proxy is ready before it has read what servers say of OpenAPI.
    await until(
      () => commands.run(['verify', 'devicetaintrules.resource.k8s.io', '--output=json', ofProxy()]),
      ({ out }) => {
        const { versions }: SurfacingReport = JSON.parse(out);
        return versions[0]?.shapes.find(({ shape }) => shape === 'openapiV3')?.merged.state === 'listed';
      },
    );
  });
  after(async () => {
    await gateway.close();
    await plane.close();
    await files[Symbol.asyncDispose]();
  });

  const ofProxy = () => `--admin-server=${gateway.adminUrl}`;
  const ofContexts = () => [`--context=${NAMES.join(',')}`, '--kubeconfig=config'];

  it('explain', async () => {
    const question = ['explain', 'GET', PATH, '--server=server-1'];
    await assertGolden('lab-explain', await commands.text([...question, ofProxy()]));
    const byProxy = await commands.json<RequestExplanation>([...question, ofProxy()]);
    const byContexts = await commands.json<RequestExplanation>([...question, ...ofContexts()]);
    for (const { servers, outcomes } of [byProxy, byContexts]) {
      assert.deepEqual(
        servers.map(({ name, capability }) => [name, capability?.serves]),
        [
          ['server-3', 'yes'],
          ['server-2', 'no'],
          ['server-1', 'no'],
        ],
      );
      assert.deepEqual(
        outcomes.map(({ server, reason }) => [server, reason]),
        [['server-3', 'PeerServesResource']],
      );
    }
  });

  it('skew', async () => {
    const byProxy = await commands.json<SkewReport>(['skew', '--all', ofProxy()]);
    const byContexts = await commands.json<SkewReport>(['skew', '--all', ...ofContexts()]);
    assert.deepEqual(byContexts.rows, byProxy.rows);
    assert.deepEqual(byContexts.findings, byProxy.findings);
    const lacking = byProxy.findings.find(({ group }) => group === TYPE.group);
    assert.deepEqual([lacking?.code, lacking?.servers], ['OnlyNewerReleases', ['server-2', 'server-1']]);
    assert.equal(await commands.text(['skew', ...ofContexts()]), await commands.text(['skew', ofProxy()]));
  });

  it('verify', async () => {
    const question = ['verify', 'devicetaintrules.resource.k8s.io'];
    const text = await commands.text([...question, ofProxy()]);
    await assertGolden('lab-verify', text);
    await assertGolden('lab-verify-contexts', await commands.text([...question, ...ofContexts()]));
    for (const source of [[ofProxy()], ofContexts()]) {
      const { target, verdict, remarks } = await commands.json<SurfacingReport>([...question, ...source]);
      assert.deepEqual(target, { ...TYPE, version: '' });
      assert.deepEqual([verdict, remarks.map(({ code }) => code)], ['surfaced-with-remarks', ['OnlyNewerReleases']]);
      await commands.json([...question, '--fail-on=remarks', ...source], 1);
    }
  });

  it('preflight', async () => {
    const { verdict, servers, types } = await commands.json<PreflightReport>(['preflight', '--to=1.37', ofProxy()]);
    assert.notEqual(verdict, 'fail');
    assert.deepEqual(
      servers.map(({ name, version }) => [name, version]),
      [
        ['server-1', '1.34.4'],
        ['server-2', '1.36.3'],
        ['server-3', '1.37.2'],
      ],
    );
    assert.ok(types.appearing.some(({ resource }) => resource === TYPE.resource));
  });

  it('status', async () => {
    const { ready, view, servers, decisions } = await commands.json<StatusReport>(['status', ofProxy()]);
    assert.deepEqual([ready, view], [true, 'merged']);
    assert.deepEqual(
      servers.map(({ name, version, state }) => [name, version, state]),
      [
        ['server-1', '1.34.4', 'ready'],
        ['server-2', '1.36.3', 'ready'],
        ['server-3', '1.37.2', 'ready'],
      ],
    );
    assert.ok(decisions.requests > 0);
    const text = await commands.text(['status', '--fail-on=any', ofProxy()]);
    assert.match(text, /^mvproxy VERSION {2}ready {2}up \S+ {2}merged view /);
    for (const { name, version = '' } of servers) {
      assert.match(text, new RegExp(`^${name} +${RegExp.escape(version)} +ready .* 127\\.0\\.0\\.1:PORT$`, 'm'));
    }
    assert.match(text, /^Unexpected 404s +0$/m);
  });
});
