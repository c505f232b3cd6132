import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadConfiguration } from './load.ts';
import { problemsOf } from './testing/problems.ts';

const GATEWAY = {
  'tls-cert-file': 'tls.crt',
  'tls-private-key-file': 'tls.key',
  server: 'a=https://10.0.0.1:6443',
} as const;

function load(changes: Readonly<Record<string, string>>) {
  const given = Object.entries({ ...GATEWAY, ...changes });
  return loadConfiguration({ flags: new Map(given.map(([flag, value]) => [flag, [value]])), directory: '/base' });
}

it('a gateway may direct writes to one version, and by default does not', async () => {
  assert.equal((await load({})).routing.writes, 'any');
  assert.equal((await load({ writes: 'oldest' })).routing.writes, 'oldest');
});

it('a sidecar may not, and is told why', async () => {
  const [problem, ...others] = await problemsOf(load({ writes: 'newest', 'local-server': 'https://127.0.0.1:6443' }));
  assert.deepEqual(others, []);
  assert.match(problem ?? '', /writes.*must be any, not newest, where there is a local server/);
  await load({ writes: 'any', 'local-server': 'https://127.0.0.1:6443' });
});

it('other words are no policy', async () => {
  const [problem] = await problemsOf(load({ writes: 'latest' }));
  assert.match(problem ?? '', /writes/);
});
