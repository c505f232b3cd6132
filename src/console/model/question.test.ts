import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requestInfo } from '../../kubernetes/request-info.ts';
import { decisionEntry, decisionOf } from '../../observe/journal/decision-entry.ts';
import { exchangeRecordOf } from '../../observe/journal/testing/exchange-record-of.ts';
import { questionOf } from './decisions.ts';
import { parsePlace, placeHref } from './place.ts';
import { aboutPath, questionFilters, questionIn } from './question.ts';
import { decision } from './testing/facts.ts';

for (const [target, verb] of [
  ['/api/v1/namespaces/shop/secrets/token', 'get'],
  ['/api/v1/namespaces/shop/services/web/proxy/login?code=1', 'get'],
  ['/api/v1/namespaces/gr%C3%B6%25e/pods', 'list'],
  ['/api/v1/namespaces/a%3Fb%23c/pods', 'list'],
  ['/apis/apps/v1/deployments?watch=true&limit=5', 'watch'],
  ['/api/v1/watch/pods', 'watch'],
] as const) {
  test(`what was decided about ${target} is explained as that ${verb}, with what is not shown of it left out`, () => {
    const shown = decisionOf(decisionEntry(exchangeRecordOf(target), 1));
    const question = questionOf(shown);
    const [asked, was] = [requestInfo('GET', question?.path ?? ''), requestInfo('GET', target)];
    const typeOf = ({ verb, apiGroup, apiVersion, namespace, resource, subresource }: typeof was) => ({
      verb,
      apiGroup,
      apiVersion,
      namespace,
      resource,
      subresource,
    });
    assert.deepEqual(typeOf(asked), typeOf(was));
    assert.deepEqual([asked.verb, question?.method], [verb, 'GET']);
  });
}

test('of a request that could not be read there is nothing to ask', () => {
  assert.equal(questionOf(decision(1, { path: '' })), undefined);
});

test('every path can be asked about, and a question survives its address', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (path, client) => {
      const question = { ...aboutPath(`/${path}`), client };
      const { filters } = parsePlace(placeHref('explain', questionFilters(question)));
      assert.deepEqual(questionIn(filters), question);
      assert.equal(decodeURIComponent(question.path), `/${path}`.toWellFormed());
    }),
  );
});
