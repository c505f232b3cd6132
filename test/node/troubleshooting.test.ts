import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { commandsIn, guideHeadings, guideSection } from '../support/guide.ts';
import { startObservedLab } from './support/running-lab.ts';

const GUIDE = 'troubleshooting';
const ADMIN = 'http://127.0.0.1:6444';
const TYPE = '/apis/resource.k8s.io/v1/devicetaintrules';
/** These need a configuration of the reader's. */
const ELSEWHERE = /^mvproxy serve /;

interface Outcome {
  readonly code: number;
  readonly out: string;
}

/** Does what a shell would: commands are `curl -s URL` and `mvproxy …`. */
async function execute(command: string, { daemon }: EmbeddedControlPlane): Promise<Outcome> {
  const admin = daemon.adminAddress ?? '';
  const [, url] = /^curl -s "?([^"\s]+)"?$/.exec(command) ?? [];
  if (url !== undefined) {
    const response = await fetch(url.replace(ADMIN, admin));
    return { code: response.ok ? 0 : 1, out: await response.text() };
  }
  const [program, ...args] = command.split(' ');
  assert.equal(program, 'mvproxy', command);
  const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
  const code = await run(['node', 'mvproxy', ...args, `--admin-server=${admin}`], io);
  return { code, out: `${io.out}${io.err}` };
}

async function executeAll(heading: string, plane: EmbeddedControlPlane): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const command of commandsIn(await guideSection(GUIDE, heading))) outcomes.push(await execute(command, plane));
  return outcomes;
}

/** The server that alone serves the type is gone, and the proxy knows. */
async function withoutCapable(t: TestContext): Promise<EmbeddedControlPlane> {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  await plane.new.stop();
  while ((await client.request({ path: TYPE })).status !== 503);
  return plane;
}

test('every command of the guide can be run as it stands', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const text = await readFile(new URL(`../../docs/${GUIDE}.md`, import.meta.url), 'utf8');
  const commands = commandsIn(text).filter((command) => !ELSEWHERE.test(command));
  assert.ok(commands.length > 10);
  for (const command of commands) {
    const { code, out } = await execute(command, plane);
    assert.ok(code === 0 || code === 1, `${command} ended with ${code}: ${out}`);
  }
});

test('who asks for a type that nobody serves finds that the 404 is right', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const [command = ''] = commandsIn(await guideSection(GUIDE, 'A client is told that a resource type does not exist'));
  const misspelt = command.replace('devicetaintrules', 'devicetaintrule');
  const { out } = await execute(misspelt, plane);
  assert.match(out.replaceAll('\n', ' '), /no server serves this, so that its answer is genuine/);
  assert.match((await execute(command, plane)).out, /new answers: the preferred server does not serve/);
});

test('behind a 503 the guide leads to the server that is missing', async (t) => {
  const plane = await withoutCapable(t);
  const [status, explained] = await executeAll('Clients get 503', plane);
  assert.equal(status?.code, 1);
  assert.match(status?.out ?? '', /^new .*unready/m);
  assert.match(explained?.out ?? '', /503/);
  const { text } = await (await plane.client()).request({ path: TYPE });
  assert.match(text, /new/);
});

test('a namespace that waits for a server that is out is traced to that server', async (t) => {
  const plane = await withoutCapable(t);
  const client = await plane.client();
  const headers = { 'user-agent': 'kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/abc' };
  assert.equal((await client.request({ path: TYPE, headers })).status, 503);
  const [status, decisions] = await executeAll('A namespace stays Terminating, or objects are gone', plane);
  assert.equal(status?.code, 1);
  assert.match(status?.out ?? '', /^new .*unready/m);
  const [decision] = JSON.parse(decisions?.out ?? '').items;
  assert.deepEqual([decision.client, decision.status, decision.path], ['kube-controller-manager', 503, TYPE]);
});

test('a newer kubelet is sent to a server that is as new', async (t) => {
  const { mvproxy } = await startObservedLab(t);
  const [command = ''] = commandsIn(await guideSection(GUIDE, "After its upgrade a node's pods do not start"));
  const { out } = await mvproxy(...command.split(' ').slice(1));
  assert.match(out, /^server-3 answers/m);
  assert.match(out, /^server-3 +1\.37\.2/m);
});

test('a server without requests is found with its reason and its history', async (t) => {
  const plane = await withoutCapable(t);
  const [status, timeline] = await executeAll('A server gets no requests', plane);
  assert.match(status?.out ?? '', /connection refused/);
  const items: readonly { server: string; text: string }[] = JSON.parse(timeline?.out ?? '').items;
  assert.ok(items.some(({ server, text }) => server === 'new' && /unready/.test(text)));
});

test('a proxy without peer trust says what is missing', async (t) => {
  const plane = await startEmbeddedControlPlane(t, {
    flags: { 'proxy-client-cert-file': undefined, 'proxy-client-key-file': undefined },
  });
  const [status] = await executeAll('Status says server-local', plane);
  assert.equal(status?.code, 1);
  assert.match(status?.out ?? '', /proxy-client-cert/);
});

test('what is not ordinary is in the decisions that the guide asks for', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  await (await plane.client()).request({ path: TYPE });
  const [decisions] = await executeAll('A request went somewhere unexpected', plane);
  const [decision] = JSON.parse(decisions?.out ?? '').items;
  assert.deepEqual([decision.server, decision.decision], ['new', 'PeerServesResource']);
});

test('every decision that the guide names exists, and every link within the guides leads somewhere', async () => {
  const source = await readFile(new URL('../../src/routing/decision.ts', import.meta.url), 'utf8');
  const section = await guideSection(GUIDE, 'Clients get 503');
  const named = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
  const [, reasons = ''] = /UnavailableReason =([\s\S]*?)\n\n/.exec(source) ?? [];
  assert.deepEqual(named.sort(), [...reasons.matchAll(/'(\w+)'/g)].map(([, name = '']) => name).sort());
  for (const guide of [GUIDE, 'rolling-out', 'verify-in-production', 'preflight']) {
    const text = await readFile(new URL(`../../docs/${guide}.md`, import.meta.url), 'utf8');
    for (const [, file = '', anchor] of text.matchAll(/\]\(([\w/-]+)\.md(?:#([\w-]+))?\)/g)) {
      const target = await readFile(new URL(`../../docs/${file}.md`, import.meta.url), 'utf8');
      if (anchor === undefined) continue;
      const anchors = [...target.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => slug(heading));
      assert.ok(anchors.includes(anchor), `docs/${guide}.md links to ${file}.md#${anchor}`);
    }
    const here = (await guideHeadings(guide)).map(slug);
    for (const [, anchor = ''] of text.matchAll(/\]\(#([\w-]+)\)/g)) assert.ok(here.includes(anchor), anchor);
  }
});

/** As GitHub makes anchors of headings. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}
