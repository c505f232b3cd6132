import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { ControlHolder } from './control-holder.ts';

test('requests read and refresh the registry of the moment, and a swap hands back the one before', async (t) => {
  const server = new PlayedServer('a', 'v1.37.0', discoveryOf({ v1: { pods: ['get'] } }));
  const { registry, create, started, pass } = playRegistry(t, [server]);
  await started();
  const holder = new ControlHolder(registry);
  assert.equal(holder.registry, registry);
  assert.equal(holder.snapshot, registry.snapshot);

  const next = create(registry);
  next.start();
  await next.whenComplete();
  assert.equal(holder.swap(next), registry);
  assert.equal(holder.registry, next);
  assert.equal(holder.snapshot, next.snapshot);
  assert.notEqual(holder.snapshot, registry.snapshot);
  await registry.stop(0);
  await pass(1_000);
  const before = server.count('/apis');
  await holder.refresh('unknown-resource');
  assert.equal(server.count('/apis'), before + 1);
});
