import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type DiscoveryForm, discoveryContentType, negotiateDiscovery } from './discovery-accept.ts';

const V2 = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2BETA1 = ';g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';
const NATIVE_FETCH = `application/json${V2};profile=nopeer,application/json${V2},application/json`;

/** `kind version type [nopeer] [pretty]`. */
function summary(form: DiscoveryForm): string {
  if (form.kind === 'notAcceptable') return '406';
  const type = form.mediaType.slice(form.mediaType.lastIndexOf('.') + 1).replace('application/', '');
  const kind = form.kind === 'aggregated' ? form.version : 'plain';
  return [kind, type, form.nopeer && 'nopeer', form.pretty && 'pretty'].filter(Boolean).join(' ');
}

// Everything but v2beta1 and nopeer on plain clauses was checked against k8s.io/apiserver v0.37.2.
const MATRIX: readonly (readonly [string | undefined, string])[] = [
  [undefined, 'plain json'],
  ['', 'plain json'],
  ['*/*', 'plain json'],
  ['*', 'plain json'],
  ['application/*', 'plain json'],
  ['application/json', 'plain json'],
  ['application/json;foo=bar', 'plain json'],
  ['application/json;profile=nopeer', 'plain json nopeer'],
  ['application/yaml', 'plain yaml'],
  ['application/vnd.kubernetes.protobuf', 'plain protobuf'],
  ['application/vnd.kubernetes.protobuf,application/json', 'plain protobuf'],
  ['application/cbor', 'plain cbor'],
  [`application/json${V2}`, 'v2 json'],
  [`application/yaml${V2}`, 'v2 yaml'],
  [`application/vnd.kubernetes.protobuf${V2}`, 'v2 protobuf'],
  [`application/cbor${V2}`, 'v2 cbor'],
  [`*/*${V2}`, 'v2 json'],
  [`*${V2}`, 'v2 json'],
  [`application/*${V2}`, 'v2 json'],
  [`application/json${V2};profile=nopeer`, 'v2 json nopeer'],
  [`application/json${V2};profile=foo`, 'v2 json'],
  [`application/json${V2};profile=`, 'v2 json'],
  [`application/json${V2};profile="nopeer"`, 'v2 json'],
  [`application/json${V2};profile=nopeer;profile=foo`, 'v2 json'],
  [`application/json${V2BETA1}`, 'v2beta1 json'],
  [`application/json${V2BETA1},application/json`, 'v2beta1 json'],
  [`application/json${V2BETA1};profile=nopeer`, 'v2beta1 json nopeer'],
  [`application/json${V2},application/json${V2BETA1},application/json`, 'v2 json'],
  [`application/json,application/json${V2}`, 'v2 json'],
  [`application/json;q=1,application/json${V2};q=0.1`, 'v2 json'],
  [`application/json${V2};q=0`, 'v2 json'],
  [NATIVE_FETCH, 'v2 json nopeer'],
  [`application/yaml${V2};q=0.5,application/json${V2};q=0.9`, 'v2 json'],
  [`application/yaml${V2};q= 0.5,application/json${V2};q=0.1`, 'v2 json'],
  [`application/yaml${V2};q=x,application/json${V2};q=0.1`, 'v2 json'],
  [`*/*${V2};q=0.5,application/yaml${V2};q=0.1`, 'v2 yaml'],
  [`application/*${V2},application/yaml${V2}`, 'v2 yaml'],
  ['text/html,application/json;q=0.1', 'plain json'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'plain json'],
  ['application/json;pretty=1', 'plain json pretty'],
  [`application/json${V2};pretty=1`, 'v2 json pretty'],
  ['application/json;pretty=true', 'plain json'],
  ['application/json;stream=watch', 'plain json'],
  ['application/yaml;stream=watch', '406'],
  ['application/json;stream=x', '406'],
  ['application/json;sv=1', '406'],
  ['application/json;sv=', 'plain json'],
  [' application / json ; profile = nopeer ', 'plain json nopeer'],
  ['application/json;as=Table', '406'],
  ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'plain json'],
  ['application/json;as==', '406'],
  ['application/json;g=apidiscovery.k8s.io;v=v2', '406'],
  ['application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList', '406'],
  ['application/json;G=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList', '406'],
  ['application/json;g=apidiscovery.k8s.io=;v=v2;as=APIGroupDiscoveryList', 'v2 json'],
  ['application/json;g=apidiscovery.k8s.io=x;v=v2;as=APIGroupDiscoveryList', '406'],
  ['Application/json', '406'],
  ['application', '406'],
  ['application/', '406'],
  ['application/json/', 'plain json'],
  ['application/json/x', '406'],
  ['*/json', '406'],
  ['text/plain', '406'],
  [',', '406'],
];

describe('negotiateDiscovery', () => {
  for (const [accept, expected] of MATRIX) {
    test(`${accept} → ${expected}`, () => assert.equal(summary(negotiateDiscovery(accept)), expected));
  }

  test('the offer limits the answer', () => {
    const accept = `application/vnd.kubernetes.protobuf${V2},application/json${V2}`;
    assert.equal(summary(negotiateDiscovery(accept)), 'v2 protobuf');
    assert.equal(summary(negotiateDiscovery(accept, ['application/json'])), 'v2 json');
    assert.equal(summary(negotiateDiscovery('application/yaml', ['application/json'])), '406');
    assert.equal(summary(negotiateDiscovery(undefined, [])), '406');
  });

  test('a version that is not offered leaves the choice to the other clauses', () => {
    const accept = `application/json${V2BETA1},application/yaml`;
    assert.equal(summary(negotiateDiscovery(accept, undefined, ['v2'])), 'plain yaml');
    assert.equal(summary(negotiateDiscovery(`application/json${V2BETA1}`, undefined, ['v2'])), '406');
    assert.equal(summary(negotiateDiscovery(`application/json${V2}`, undefined, [])), '406');
  });

  test('a longer list than insertion sort takes is still ordered by q', () => {
    const filler = Array.from({ length: 20 }, (_, i) => `text/x${i};q=0.${i + 10}`).join(',');
    assert.equal(
      summary(negotiateDiscovery(`application/yaml;q=0.05,${filler},application/json;q=0.06`)),
      'plain json',
    );
  });

  test('any header gives a form that its clauses name', () => {
    const type = fc.constantFrom(
      'application/json',
      'application/yaml',
      'application/cbor',
      '*/*',
      '*',
      'text/html',
      'x',
    );
    const parameter = fc.oneof(fc.constantFrom(V2, V2BETA1, ';q=0.3', ';profile=nopeer', ';'), fc.string());
    const header = fc
      .array(fc.tuple(type, parameter).map((parts) => parts.join('')))
      .map((clauses) => clauses.join(','));
    fc.assert(
      fc.property(fc.oneof(header, fc.string()), (accept) => {
        const form = negotiateDiscovery(accept);
        if (form.kind !== 'aggregated') return;
        assert.ok(accept.includes('g=') && accept.includes(form.version), accept);
        assert.equal(form.nopeer && !accept.includes('nopeer'), false);
      }),
    );
  });
});

test('Content-Type strings are kube-apiserver’s', () => {
  const contentType = (accept: string): string | undefined => {
    const form = negotiateDiscovery(accept);
    return form.kind === 'notAcceptable' ? undefined : discoveryContentType(form);
  };
  assert.equal(contentType(NATIVE_FETCH), `application/json${V2}`);
  assert.equal(contentType(`application/yaml${V2BETA1}`), `application/yaml${V2BETA1}`);
  assert.equal(contentType('application/json;profile=nopeer'), 'application/json');
});
