import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { type CapturedIo, capturedIo } from '../../src/cli/testing/captured-io.ts';
import { commandsIn, guideSection } from '../support/guide.ts';

const GUIDE = 'verify-in-production';
const ADMIN = 'http://127.0.0.1:6444';

interface Outcome {
  readonly code: number;
  readonly out: string;
}

function mvproxy(command: string, io: CapturedIo): Promise<number> {
  const [program = '', ...args] = command.split(' ');
  assert.equal(program, 'mvproxy', command);
  return run(['node', 'mvproxy', ...args], io);
}

/** Does what a shell would: the guide's commands are `curl -s URL`, perhaps through `grep WORD`, and `mvproxy …`. */
async function execute(command: string, admin: string): Promise<Outcome> {
  const [, url, word] = /^curl -s "?(\S+?)"?(?: \| grep (\w+))?$/.exec(command) ?? [];
  if (url !== undefined) {
    assert.ok(url.startsWith(ADMIN), command);
    const response = await fetch(url.replace(ADMIN, admin));
    const lines = (await response.text()).split('\n').filter((line) => word === undefined || line.includes(word));
    return { code: response.ok ? 0 : 1, out: lines.join('\n') };
  }
  const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
  const code = await mvproxy(`${command} --admin-server=${admin}`, io);
  return { code, out: `${io.out}${io.err}` };
}

test('the rehearsal of the guide gives a client a 404 on purpose, which the steps of the guide lead to', async (t) => {
  const [command = '', ...others] = commandsIn(await guideSection(GUIDE, 'Rehearse it'));
  assert.deepEqual(others, []);
  assert.match(command, /--admin-port 6444$/);
  const io = capturedIo();
  const rehearsal = mvproxy(`${command.replace('6444', '0')} --servers 2`, io);
  t.after(() => {
    io.signal('SIGINT');
    return rehearsal;
  });
  await io.waitFor('err', 'admin listener is ');
  const [, admin = ''] = /admin listener is (\S+)/.exec(io.err) ?? [];

  const [metric = '', servers = '', ...further] = commandsIn(await guideSection(GUIDE, 'A 404 reached a client'));
  const series =
    'group="resource.k8s.io",version="v1",resource="devicetaintrules",client="kube-state-metrics",outcome="relayed"';
  while (!(await execute(metric, admin)).out.includes(series));

  const items: readonly Readonly<Record<string, unknown>>[] = JSON.parse((await execute(servers, admin)).out).items;
  const found = items.find(({ client }) => client === 'kube-state-metrics');
  const path = '/apis/resource.k8s.io/v1/devicetaintrules';
  assert.deepEqual(
    [found?.['resource'], found?.['server'], found?.['outcome'], found?.['lastPath']],
    ['devicetaintrules', 'server-1', 'relayed', path],
  );

  const [requests, explained, verified] = await Promise.all(further.map((each) => execute(each, admin)));
  const decisions: readonly Readonly<Record<string, unknown>>[] = JSON.parse(requests?.out ?? '').items;
  const decision = decisions.find(({ client }) => client === 'kube-state-metrics');
  assert.deepEqual([decision?.['server'], decision?.['status'], decision?.['path']], ['server-1', 404, path]);
  assert.match(explained?.out ?? '', /^server-1 +1\.37\.2 .* yes +yes$/m);
  assert.equal(verified?.code, 0, verified?.out);

  assert.equal((await execute('mvproxy status --fail-on unexpected-404', admin)).code, 1);
  io.signal('SIGINT');
  assert.equal(await rehearsal, 0);
  const [, told] = /kube-state-metrics was told (\d+) times that there is no such type/.exec(io.err) ?? [];
  assert.ok(Number(told) > 0, io.err);
});
