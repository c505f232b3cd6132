import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextMemo } from './text-memo.ts';

function counting() {
  let made = 0;
  const memo = new TextMemo((text) => ({ text, number: ++made }));
  return { memo, made: () => made };
}

test('the same is made of the same text, once', () => {
  const { memo, made } = counting();
  assert.equal(memo.of('a'), memo.of('a'));
  assert.equal(memo.of('b').text, 'b');
  assert.equal(made(), 2);
});

test('a long text is made into something each time', () => {
  const { memo, made } = counting();
  const text = 'x'.repeat(2_000);
  assert.notEqual(memo.of(text), memo.of(text));
  assert.equal(made(), 2);
});

test('who sends ever new texts makes it forget, and not grow', () => {
  const { memo, made } = counting();
  for (let i = 0; i < 10_000; i++) memo.of(`${i}`);
  memo.of('0');
  assert.equal(made(), 10_001, 'the first is long forgotten');
  memo.of('0');
  assert.equal(made(), 10_001);
});
