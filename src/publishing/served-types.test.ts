import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { servedTypes } from './served-types.ts';

const BASE = { v1: { pods: ['get'] }, 'batch/v1': { jobs: ['get'] }, 'storage.k8s.io/v1': { csinodes: ['get'] } };
const base = servedTypes(discoveryOf(BASE));

test('changes with every built-in type', () => {
  for (const change of [
    { 'batch/v1': {} },
    { 'batch/v1': { jobs: ['get'], cronjobs: ['get'] } },
    { 'batch/v2': { jobs: ['get'] } },
    { 'storage.k8s.io/v1': {} },
    { v1: { pods: ['get'], nodes: ['get'] } },
  ]) {
    assert.notEqual(servedTypes(discoveryOf({ ...BASE, ...change })), base, JSON.stringify(change));
  }
});

test('does not change with what natives take from no peer, or do not look at', () => {
  for (const change of [{ 'custom.example/v1': { widgets: ['get'] } }, { v1: { pods: ['get', 'list'] } }]) {
    assert.equal(servedTypes(discoveryOf({ ...BASE, ...change })), base, JSON.stringify(change));
  }
});
