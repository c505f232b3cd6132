import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { describeStatus } from './status.ts';

const WATCHED = ['customresourcedefinitions', 'apiservices', 'leases', 'endpointslices'];
/** Played servers have no objects. */
const ABSENT = WATCHED.map((resource) => ({
  resource,
  state: 'absent',
  condition: 'the server does not have this type',
}));
const UNASKED = WATCHED.map((resource) => ({ resource, state: 'waiting', condition: '' }));
const PODS = discoveryOf({ v1: { pods: ['get'] } });

test('the status says of each server what it is, whether it gets requests and how fresh its discovery is', async (t) => {
  const up = new PlayedServer('up', 'v1.37.2', PODS, { local: true });
  const down = new PlayedServer('down', 'v1.36.0', PODS);
  down.health = 'refusing';
  const { registry, started, now } = playRegistry(t, [up, down]);
  const since = new Date(now()).toISOString();
  await started();
  up.opened[1]?.upstream.request({ method: 'GET', target: '/watch', authority: undefined, fields: [] }, true, {
    inform: () => {},
    respond: () => {},
    failed: () => {},
  });
  const { view, generation, settled, servers, conflicts } = describeStatus(registry, now() + 1_500);
  assert.deepEqual([view, generation, settled, conflicts], ['merged', registry.snapshot.generation, true, []]);
  assert.deepEqual(servers, [
    {
      name: 'up',
      address: 'up.example:6443',
      local: true,
      version: '1.37.2',
      state: 'ready',
      since,
      condition: '',
      discovery: { shape: 'v2', failure: '', reason: '', errors: {} },
      openapi: { documents: 0, failure: '' },
      watches: ABSENT,
      nativeMixedVersionProxy: 'unknown',
      discoveryAgeSeconds: 1.5,
      openExchanges: 1,
    },
    {
      name: 'down',
      address: 'down.example:6443',
      local: false,
      version: undefined,
      state: 'unready',
      since,
      condition: 'nobody listens',
      discovery: { shape: undefined, failure: 'nobody listens', reason: 'refused', errors: { refused: 1 } },
      openapi: { documents: undefined, failure: 'nobody listens' },
      watches: UNASKED,
      nativeMixedVersionProxy: 'unknown',
      discoveryAgeSeconds: undefined,
      openExchanges: 0,
    },
  ]);
});
