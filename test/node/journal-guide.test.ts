import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { serverSentEvents } from '../../src/admin/testing/server-sent-events.ts';
import { reports } from '../../src/reports/index.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';

const guide = await readFile(new URL('../../docs/journal.md', import.meta.url), 'utf8');
const commands = [...guide.matchAll(/^curl .*$/gm)].map(([command]) => command);

test('every command of the guide shows what it says', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  const headers = { 'user-agent': 'kubelet/v1.37.2' };
  await client.request({ path: '/apis/apps/v1/namespaces/a/deployments', headers });
  await client.request({ path: '/apis/storagemigration.k8s.io/v1/storageversionmigrations', headers });
  const admin = plane.daemon.adminAddress ?? '';
  assert.equal(commands.length, 6);
  for (const command of commands) {
    const [, target = ''] = /"?http:\/\/127\.0\.0\.1:6444([^"]*)"?$/.exec(command) ?? [];
    const path = target.replace('/servers/a/', '/servers/old/');
    if (path.startsWith('/events')) {
      await t.test(command, async () => assert.ok((await readsEvents(`${admin}${path}`)) > 0));
      continue;
    }
    const { stdout } = await curl(`${admin}${path}`);
    const pattern = path.replace(/\?.*/, '').replace('/servers/old/', '/servers/NAME/');
    const answer: unknown = reports.find((report) => report.path === pattern)?.schema.parse(JSON.parse(stdout));
    const isEmpty = pattern === '/unexpected-404s';
    assert.equal(/"items": \[\]/.test(stdout), isEmpty, command);
    assert.ok(answer !== undefined, command);
  }
});

test('the guide’s table of filters is whole', () => {
  const filters = [...guide.matchAll(/^\| `([a-z]+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(filters.sort(), ['client', 'code', 'notable', 'reason', 'resource', 'server']);
});

async function curl(url: string): Promise<{ readonly stdout: string }> {
  const child = spawn('curl', ['-s', url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  for await (const chunk of child.stdout) stdout += String(chunk);
  return { stdout };
}

/** How many events came before it was ended. */
async function readsEvents(url: string): Promise<number> {
  const child = spawn('curl', ['-sN', url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    const events = serverSentEvents(text);
    if (events.length === 0) continue;
    child.kill();
    return events.length;
  }
  return 0;
}
