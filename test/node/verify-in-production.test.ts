import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { H1Client } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { sendJson, sendUnknown } from '../support/fake-api-server.ts';

const GUIDE = new URL('../../docs/verify-in-production.md', import.meta.url);
/** Listed by the newer server alone. */
const TYPE = { group: 'resource.k8s.io', version: 'v1', resource: 'devicetaintrules' };
const PATH = `/apis/${TYPE.group}/${TYPE.version}/${TYPE.resource}/maintenance`;
const ADMIN = 'http://127.0.0.1:6444';

interface Outcome {
  readonly code: number;
  readonly out: string;
}

/** The commands that the guide shows under a heading, in order. */
async function commandsUnder(heading: string): Promise<readonly string[]> {
  const text = await readFile(GUIDE, 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `the guide has no section "${heading}"`);
  return [...section.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Does what a shell would: the guide's commands are `curl -s URL`, perhaps through `grep WORD`, and `mvproxy …`. */
async function execute(command: string, { daemon }: EmbeddedControlPlane): Promise<Outcome> {
  const admin = daemon.adminAddress ?? '';
  const [, quoted, word] = /^curl -s "?(\S+?)"?(?: \| grep (\w+))?$/.exec(command) ?? [];
  if (quoted !== undefined) {
    assert.ok(quoted.startsWith(ADMIN), command);
    const client = new H1Client(admin, { ca: '' });
    const { status, text } = await client.request({ path: quoted.slice(ADMIN.length) });
    client.close();
    const out =
      word === undefined
        ? text
        : text
            .split('\n')
            .filter((line) => line.includes(word))
            .join('\n');
    return { code: status === 200 ? 0 : 1, out };
  }
  const [program, ...args] = command.split(' ');
  assert.equal(program, 'mvproxy', command);
  const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
  const code = await run(['node', 'mvproxy', ...args, `--admin-server=${admin}`], io);
  return { code, out: io.out };
}

/** A client is told that a type does not exist, by the only server that lists it. */
async function deniedOnPurpose(t: TestContext): Promise<EmbeddedControlPlane> {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  plane.new.handler = (stream) => sendJson(stream, 200, {});
  assert.equal((await client.request({ path: PATH })).status, 200);
  plane.new.handler = sendUnknown;
  const headers = { 'user-agent': 'kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/abc' };
  assert.equal((await client.request({ path: PATH, headers })).status, 404);
  return plane;
}

test('a 404 that should not have been is found by the steps of the guide, from the metric to client, resource and server', async (t) => {
  const plane = await deniedOnPurpose(t);
  const commands = await commandsUnder('A 404 reached a client');
  const outcomes: Outcome[] = [];
  for (const command of commands) outcomes.push(await execute(command, plane));
  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [0, 0, 0, 0, 0],
    JSON.stringify(outcomes),
  );
  const [metric, servers, requests, explained, verified] = outcomes.map(({ out }) => out);
  const labels = Object.entries({ ...TYPE, client: 'kube-controller-manager', outcome: 'relayed' });
  const series = labels.map(([label, value]) => `${label}="${value}"`).join(',');
  assert.ok(metric?.includes(`mvproxy_unexpected_404_total{${series}} 1`), metric);

  const [found, ...others] = JSON.parse(servers ?? '').items;
  assert.deepEqual(others, []);
  const { lastAt, ...unexpected } = found;
  assert.ok(Date.parse(lastAt) > 0);
  assert.deepEqual(unexpected, {
    ...TYPE,
    client: 'kube-controller-manager',
    server: 'new',
    outcome: 'relayed',
    count: 1,
    lastPath: PATH,
  });

  const [request] = JSON.parse(requests ?? '').items;
  assert.deepEqual(
    [request.path, request.client, request.server, request.status, request.unknownType.denying],
    [PATH, 'kube-controller-manager', 'new', 404, ['new']],
  );
  assert.match(explained ?? '', /^new +1\.37\.2 .* yes +yes$/m);
  assert.match(explained ?? '', /^old +1\.34\.4 .* no: /m);
  assert.match(verified ?? '', /OnlyNewerReleases/);
});

test('the panel, the command and the metric that the guide names for the question agree', async (t) => {
  const plane = await deniedOnPurpose(t);
  const [before, ...further] = await commandsUnder('Before the next server');
  assert.ok(before !== undefined);
  const outcome = await execute(before, plane);
  assert.equal(outcome.code, 1);
  assert.match(outcome.out, /1 request was answered 404 for a type that a server lists, and the client saw it/);
  for (const command of further) assert.equal((await execute(command, plane)).code, 0, command);
});

test('without such a 404 the same commands find nothing, also after the last server', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  plane.new.handler = (stream) => sendJson(stream, 200, {});
  assert.equal((await (await plane.client()).request({ path: PATH })).status, 200);
  for (const heading of ['Before the next server', 'A 404 reached a client']) {
    for (const command of await commandsUnder(heading)) {
      const { code, out } = await execute(command, plane);
      assert.equal(code, 0, `${command}\n${out}`);
      assert.doesNotMatch(out, /relayed"\} [1-9]|"count"/);
    }
  }
  for (const command of await commandsUnder('After the last server')) await execute(command, plane);
});
