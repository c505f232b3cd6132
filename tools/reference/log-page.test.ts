import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS_LOG_MESSAGE, accessLogFields } from '../../src/observe/journal/access-log.ts';
import { DecisionLog } from '../../src/observe/journal/decision-log.ts';
import { exchangeRecordOf } from '../../src/observe/journal/testing/exchange-record-of.ts';
import { LOG_FIELDS, LOG_MESSAGES } from '../../src/observe/log-messages.ts';
import { decisionFields } from '../../src/reports/decision-fields.ts';
import { type LogCall, logCalls } from './log-calls.ts';

const documented = Object.values(LOG_MESSAGES).flat();
const calls = logCalls().filter(({ messages }) => !messages.includes(ACCESS_LOG_MESSAGE));
/** Texts that a part of the program makes and the daemon passes on. */
const MADE_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['(warning)', 'In *, or connections that rely on it fail.'],
]);
const messagesOf = ({ messages }: LogCall) => messages.map((message) => MADE_ELSEWHERE.get(message) ?? message);

for (const call of calls) {
  test(`what ${call.place} writes is in the reference, with its level and fields`, () => {
    assert.notEqual(call.messages.length, 0);
    for (const message of messagesOf(call)) {
      const entry = documented.find((one) => one.message === message);
      assert.ok(entry !== undefined, `src/observe/log-messages.ts lacks: ${message}`);
      assert.equal(entry.level, call.level);
      for (const field of call.fields) assert.ok(entry.fields.includes(field), `it lacks the field ${field}`);
    }
  });
}

for (const { message, fields } of documented) {
  test(`somebody writes “${message.slice(0, 60)}”, with all of its fields`, () => {
    const writing = calls.filter((call) => messagesOf(call).includes(message));
    assert.notEqual(writing.length, 0, 'nobody does any more; take it out');
    for (const field of fields) {
      const isWritten = writing.some((call) => call.open || call.fields.includes(field));
      assert.ok(isWritten, `nobody writes the field ${field}`);
      assert.ok(field in LOG_FIELDS, `LOG_FIELDS lacks ${field}`);
    }
  });
}

test('no message and no field is described in vain', () => {
  const messages = documented.map(({ message }) => message);
  assert.deepEqual(messages, [...new Set(messages)]);
  const used = new Set(documented.flatMap(({ fields }) => fields));
  assert.deepEqual(
    Object.keys(LOG_FIELDS).filter((field) => !used.has(field)),
    [],
  );
});

test('a line of the access log has the fields that are described', () => {
  const fields = accessLogFields(new DecisionLog().add(exchangeRecordOf()));
  assert.deepEqual(Object.keys(fields).sort(), Object.keys(decisionFields).sort());
});

test('the calls of the program are found', () => {
  assert.ok(calls.length > 50, `${calls.length}`);
});
