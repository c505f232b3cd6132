import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';

test('durations are read as the flags of Kubernetes have them', () => {
  for (const [text, seconds] of [
    ['0', 0],
    ['10s', 10],
    ['1m30s', 90],
    ['1h', 3600],
    ['250ms', 0.25],
    ['1.5m', 90],
    ['.5s', 0.5],
    ['7', 7],
    ['0.3', 0.3],
  ] as const) {
    assert.equal(parseDuration(text), seconds, text);
  }
});

test('what is none is not guessed', () => {
  for (const text of ['', 's', '10 s', '10seconds', '-5s', '5s!', 'ten', '1d', '1e3', '5m banana']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});
