import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type RequestInfo, RequestInfoError, requestInfo } from './request-info.ts';

/** `verb|group|version|namespace|resource|subresource|name|[parts]` of a resource request, `-` for any other. */
function summary(info: RequestInfo): string {
  if (!info.isResourceRequest) return '-';
  const { verb, apiGroup, apiVersion, namespace, resource, subresource, name, parts } = info;
  return [verb, apiGroup, apiVersion, namespace, resource, subresource, name, `[${parts.join(' ')}]`].join('|');
}

function codeOf(method: string, target: string): string | undefined {
  try {
    requestInfo(method, target);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RequestInfoError, `${method} ${target}: ${error}`);
    return error.code;
  }
}

/** Percent-encodes everything that is special in a path segment. */
function encodeTarget(path: readonly string[]): string {
  return `/${path.map(encodeURIComponent).join('/')}`;
}

// The first block holds the vectors of k8s.io/apiserver requestinfo_test.go; all others were checked against
// RequestInfoFactory of k8s.io/apiserver v0.37.2 as well.
const VECTORS = `
GET /api/v1/namespaces                               list||v1||namespaces|||[namespaces]
GET /api/v1/namespaces/other                         get||v1|other|namespaces||other|[namespaces other]
GET /api/v1/namespaces/other/pods                    list||v1|other|pods|||[pods]
GET /api/v1/namespaces/other/pods/foo                get||v1|other|pods||foo|[pods foo]
HEAD /api/v1/namespaces/other/pods/foo               get||v1|other|pods||foo|[pods foo]
GET /api/v1/pods                                     list||v1||pods|||[pods]
HEAD /api/v1/pods                                    list||v1||pods|||[pods]
GET /api/v1/proxy/namespaces/other/pods/foo          proxy||v1|other|pods||foo|[pods foo]
GET /api/v1/proxy/namespaces/other/pods/foo/subpath/not/a/subresource  proxy||v1|other|pods||foo|[pods foo subpath not a subresource]
GET /api/v1/watch/pods                               watch||v1||pods|||[pods]
GET /api/v1/pods?watch=true                          watch||v1||pods|||[pods]
GET /api/v1/pods?watch=false                         list||v1||pods|||[pods]
GET /api/v1/watch/namespaces/other/pods              watch||v1|other|pods|||[pods]
GET /api/v1/namespaces/other/pods?watch=1            watch||v1|other|pods|||[pods]
GET /api/v1/namespaces/other/pods?watch=0            list||v1|other|pods|||[pods]
GET /api/v1/namespaces/other/pods/foo/status         get||v1|other|pods|status|foo|[pods foo status]
GET /api/v1/namespaces/other/pods/foo/proxy/subpath  get||v1|other|pods|proxy|foo|[pods foo proxy subpath]
PUT /api/v1/namespaces/other/finalize                update||v1|other|namespaces|finalize|other|[namespaces other finalize]
PUT /api/v1/namespaces/other/status                  update||v1|other|namespaces|status|other|[namespaces other status]
PATCH /api/v1/namespaces/other/pods/foo              patch||v1|other|pods||foo|[pods foo]
DELETE /api/v1/namespaces/other/pods/foo             delete||v1|other|pods||foo|[pods foo]
POST /api/v1/namespaces/other/pods                   create||v1|other|pods|||[pods]
DELETE /api/v1/nodes                                 deletecollection||v1||nodes|||[nodes]
DELETE /api/v1/namespaces                            deletecollection||v1||namespaces|||[namespaces]
DELETE /api/v1/namespaces/other/pods                 deletecollection||v1|other|pods|||[pods]
DELETE /apis/extensions/v1/namespaces/other/pods     deletecollection|extensions|v1|other|pods|||[pods]
POST /apis/extensions/v1/namespaces/other/pods       create|extensions|v1|other|pods|||[pods]
POST /apis/extensions/v1beta3/namespaces/other/pods  create|extensions|v1beta3|other|pods|||[pods]
GET /api/version/resource                            list||version||resource|||[resource]
GET /apis/group/version/resource/name/subresource    get|group|version||resource|subresource|name|[resource name subresource]
GET /apis/batch/v1/job                               list|batch|v1||job|||[job]
GET /apis/batch/v1/job/foo/scale                     get|batch|v1||job|scale|foo|[job foo scale]

GET /api/v1/pods?watch                               watch||v1||pods|||[pods]
GET /api/v1/pods?watch=                              watch||v1||pods|||[pods]
GET /api/v1/pods?watch=FALSE                         list||v1||pods|||[pods]
GET /api/v1/pods?watch=00                            watch||v1||pods|||[pods]
GET /api/v1/pods?watch=0&watch=1                     list||v1||pods|||[pods]
GET /api/v1/pods?wat%63h=true                        watch||v1||pods|||[pods]
GET /api/v1/pods?watch=%zz                           list||v1||pods|||[pods]
GET /api/v1/pods?watch=1;x=2                         list||v1||pods|||[pods]
GET /api/v1/pods?Watch=1                             list||v1||pods|||[pods]
OPTIONS /api/v1/pods                                 ||v1||pods|||[pods]
get /api/v1/pods                                     ||v1||pods|||[pods]
WATCH /api/v1/pods/foo                               ||v1||pods||foo|[pods foo]
GET /api/v1//pods                                    get||v1||||pods|[ pods]
GET //api/v1/pods                                    list||v1||pods|||[pods]
GET /api/v1/pods///                                  list||v1||pods|||[pods]
GET /apis/x/v1/namespaces/ns                         get|x|v1|ns|namespaces||ns|[namespaces ns]
GET /apis/x/v1/namespaces/ns/status                  get|x|v1|ns|namespaces|status|ns|[namespaces ns status]
GET /api/v1/namespaces/ns/status/x                   get||v1|ns|namespaces|status|ns|[namespaces ns status x]
GET /api/v1/namespaces//pods                         list||v1||pods|||[pods]
GET /api/v1/namespaces/ns//x                         get||v1|ns|||x|[ x]
GET /api/v1/namespaces/namespaces/namespaces/x       get||v1|namespaces|namespaces||x|[namespaces x]
GET /api/v1/namespaces/ns/watch                      list||v1|ns|watch|||[watch]
DELETE /api/v1/watch/pods                            watch||v1||pods|||[pods]
GET /api/v1/watch/pods/foo                           watch||v1||pods||foo|[pods foo]
GET /api/v1/watch/pods/foo/status                    watch||v1||pods|status|foo|[pods foo status]
GET /api/v1/watch/proxy                              watch||v1||proxy|||[proxy]
GET /api/v1/proxy/nodes/n/metrics                    proxy||v1||nodes||n|[nodes n metrics]
GET /api/v1/pods%2Ffoo                               get||v1||pods||foo|[pods foo]
GET /api/v1/namespaces/a%20b/pods                    list||v1|a b|pods|||[pods]
GET /api/v1/pods/a+b                                 get||v1||pods||a+b|[pods a+b]
GET /api/v1/pods/%C3%A9                              get||v1||pods||é|[pods é]
GET /api/v1/pods/\xc3\xa9                            get||v1||pods||é|[pods é]
GET /api/v1/pods/%EF%BB%BFx                          get||v1||pods||\ufeffx|[pods \ufeffx]
GET /api/v1/pods/%25                                 get||v1||pods||%|[pods %]
GET /api/v1/pods/x#f                                 get||v1||pods||x#f|[pods x#f]
GET /%61pi/v1/pods                                   list||v1||pods|||[pods]
GET https://host/api/v1/pods?watch=1                 watch||v1||pods|||[pods]
GET HTTP://u:p@host:443/api/v1/pods/x                get||v1||pods||x|[pods x]
GET x+y://[::1]:80/api/v1/pods                       list||v1||pods|||[pods]
GET http:/api/v1/pods                                list||v1||pods|||[pods]
GET http:///api/v1/pods                              list||v1||pods|||[pods]
CONNECT /api/v1/namespaces/ns/pods/x/proxy           ||v1|ns|pods|proxy|x|[pods x proxy]

GET /                                                -
GET *                                                -
GET /api                                             -
GET /api/version                                     -
GET /api/version/                                    -
GET /apis                                            -
GET /apis/group/version/                             -
GET /apis/extensions/v1beta1                         -
GET /apis/version/resource                           -
GET /badprefix/version/resource                      -
GET /Api/v1/pods                                     -
GET /apix/v1/pods                                    -
GET /healthz                                         -
GET /openapi/v3/apis/apps/v1                         -
GET http://host                                      -
GET http:                                            -
GET a:b                                              -
GET ////                                             -
CONNECT host:443                                     -
`;

/** Lines of a table `METHOD target expectation`, split at runs of two spaces or at the last space. */
function lines(table: string): readonly (readonly [string, string, string])[] {
  return table
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, method = '', target = '', expected = ''] = /^(\S+) (\S+) +(\S.*|-)$/.exec(line) ?? [];
      return [method, target, expected] as const;
    });
}

describe('requestInfo', () => {
  for (const [method, target, expected] of lines(VECTORS)) {
    test(`${method} ${target}`, () => assert.equal(summary(requestInfo(method, target)), expected));
  }

  test('a path is the decoded one, without the query', () => {
    assert.equal(requestInfo('GET', '/api/v1/a%2Fb?x=%2F').path, '/api/v1/a/b');
    assert.equal(requestInfo('GET', '/healthz?verbose').path, '/healthz');
    assert.equal(requestInfo('GET', '*').path, '*');
    assert.equal(requestInfo('GET', 'https://host?x').path, '');
    assert.equal(requestInfo('GET', '/%ff').path, '/\ufffd');
  });

  test('a non-resource request has the lower-case method as verb and keeps a recognised prefix', () => {
    const info = requestInfo('PROPFIND', '/apis/apps/v1');
    assert.equal(info.verb, 'propfind');
    assert.equal(info.apiPrefix, 'apis');
    assert.deepEqual(info.parts, []);
    assert.equal(requestInfo('GET', '/api/v1').apiPrefix, '');
  });

  test('a resource request has its prefix', () => {
    assert.equal(requestInfo('GET', '/api/v1/pods').apiPrefix, 'api');
    assert.equal(requestInfo('GET', '/apis/apps/v1/deployments').apiPrefix, 'apis');
  });
});

// METHOD target → verb|name|fieldSelector|labelSelector
const SELECTOR_VECTORS: readonly (readonly [string, string, string])[] = [
  ['GET', '?fieldSelector=metadata.name=name1', 'list|name1|metadata.name=name1|'],
  ['GET', '?fieldSelector=metadata.name=name1&watch=true', 'watch|name1|metadata.name=name1|'],
  ['GET', '?fieldSelector=foo=bar&labelSelector=baz=qux', 'list||foo=bar|baz=qux'],
  ['GET', '?fieldSelector=metadata.name=name1,foo', 'list||metadata.name=name1,foo|'],
  ['GET', '?fieldSelector=metadata.name=name1,foo&watch=true', 'watch||metadata.name=name1,foo|'],
  ['GET', '?fieldSelector=metadata.name=name1,foo&watch=false', 'list||metadata.name=name1,foo|'],
  ['GET', '?fieldSelector=metadata.name=name1,foo&watch', 'watch||metadata.name=name1,foo|'],
  ['DELETE', '?fieldSelector=foo=bar&labelSelector=baz=qux', 'deletecollection||foo=bar|baz=qux'],
  ['DELETE', '?fieldSelector=metadata.name=a', 'deletecollection||metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=foo&fieldSelector=metadata.name=bar', 'list|foo|metadata.name=foo|'],
  ['GET', '/name?fieldSelector=metadata.name=foo&labelSelector=a=b', 'get|name||'],
  ['POST', '?fieldSelector=metadata.name=foo&labelSelector=a=b', 'create|||'],
  ['GET', '?fieldSelector=metadata.name%3Dfoo', 'list|foo|metadata.name=foo|'],
  ['GET', '?fieldSelector=metadata.name==foo', 'list|foo|metadata.name==foo|'],
  ['GET', '?fieldSelector=metadata.name!=foo', 'list||metadata.name!=foo|'],
  ['GET', '?fieldSelector=metadata.name=b,metadata.name=a', 'list|a|metadata.name=b,metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a,metadata.name==z', 'list|z|metadata.name=a,metadata.name==z|'],
  ['GET', '?fieldSelector=a=b,metadata.name=q', 'list|q|a=b,metadata.name=q|'],
  ['GET', '?fieldSelector=metadata.name=a%2Fb', 'list||metadata.name=a/b|'],
  ['GET', '?fieldSelector=metadata.name=a%255', 'list||metadata.name=a%5|'],
  ['GET', '?fieldSelector=metadata.name=..', 'list||metadata.name=..|'],
  ['GET', '?fieldSelector=metadata.name=.', 'list||metadata.name=.|'],
  ['GET', '?fieldSelector=metadata.name=...', 'list|...|metadata.name=...|'],
  ['GET', '?fieldSelector=metadata.name=', 'list||metadata.name=|'],
  ['GET', '?fieldSelector=metadata.name=a+b', 'list|a b|metadata.name=a b|'],
  ['GET', '?fieldSelector=metadata.name=a&labelSelector=b', 'list|a|metadata.name=a|b'],
  ['GET', '?fieldSelector=metadata.name=a&labelSelector=b%20in%20(', 'list||metadata.name=a|b in ('],
  ['GET', '?fieldSelector=metadata.name=a&limit=5', 'list|a|metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&limit=%2B9223372036854775807', 'list|a|metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&limit=-0009223372036854775808', 'list|a|metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&limit=9223372036854775808', 'list||metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&limit=', 'list||metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&limit=+5', 'list||metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&limit=x&watch=1', 'watch||metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&timeoutSeconds=1.5', 'list||metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&timeoutSeconds=10', 'list|a|metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a&resourceVersionMatch=foo&sendInitialEvents=x', 'list|a|metadata.name=a|'],
  ['GET', '?fieldSelector=metadata.name=a;b', 'list|||'],
];

describe('selectors', () => {
  for (const [method, rest, expected] of SELECTOR_VECTORS) {
    test(`${method} ${rest}`, () => {
      const { verb, name, fieldSelector, labelSelector } = requestInfo(method, `/apis/group/version/resource${rest}`);
      assert.equal([verb, name, fieldSelector, labelSelector].join('|'), expected);
    });
  }

  test('do not count behind a verb in the path', () => {
    for (const [target, name] of [
      ['/apis/group/version/watch/resource?fieldSelector=metadata.name=foo', ''],
      ['/apis/group/version/watch/resource/name?fieldSelector=metadata.name=foo&labelSelector=a', 'name'],
    ] as const) {
      const info = requestInfo('GET', target);
      assert.deepEqual([info.verb, info.name, info.fieldSelector, info.labelSelector], ['watch', name, '', '']);
    }
  });
});

describe('targets without RequestInfo', () => {
  const bad = [
    '',
    'foo',
    'foo/bar',
    ':x',
    '1x://host/',
    'h_x://host/',
    '*?a',
    '?x',
    '/%',
    '/%z',
    '/%4',
    '/%zz',
    '/a%2',
    '/api/v1/pods%',
    '/\n',
    '/\x7f',
    '/?\0',
    '/\u0100',
    '/日本',
    'http://a b/',
    'http://h:x/',
    'http://a:b:c/',
    'http://h:1:2/',
    'http://::1/',
    'http://[::1/',
    'http://[1.2.3.4]/',
    'http://[12345::]/',
    'http://[1:2:3:4:5:6:7::8]/',
    'http://[::ffff:1.2.3.04]/',
    'http://[fe80::1%25]/',
    'http://[fe80::1%25%ff]/',
    'http://[::%31]/',
    'http://x[::1]/',
    'http://[::1]x/',
    'http://h%20x/',
    'http://a^b/',
    'http://u%zz@h/',
    'http://u b@h/',
    'http://h/%',
  ];
  for (const target of bad) {
    test(`bad: ${JSON.stringify(target)}`, () => assert.equal(codeOf('GET', target), 'MVP_BAD_TARGET'));
  }

  const good = [
    'http://h:/',
    'http://h%c3/',
    'http://h%25/',
    'http://a<b"/',
    'ftp://h:1:2/',
    'http://[::1]/',
    'http://[1:2:3:4:5:6:7::]:80/',
    'http://[::ffff:1.2.3.4]/',
    'http://[fe80::1%25en0]/',
    'http://[fe80::1%25%20]/',
    'http://a@b@c/',
    '/?%zz',
    '/a b',
  ];
  for (const target of good) {
    test(`good: ${JSON.stringify(target)}`, () => assert.equal(codeOf('GET', target), undefined));
  }

  const nothingAfterVerb = [
    ['/api/v1/watch', '/api/v1/watch'],
    ['/api/v1/proxy/', '/api/v1/proxy/'],
    ['/apis/apps/v1/watch?a=<b>&c', '/apis/apps/v1/watch?a=<b>&c'],
    ['/api/v1/watch?', '/api/v1/watch?'],
    ["/api/it's/watch", "/api/it's/watch"],
    ['/api/v%31/watch', '/api/v%31/watch'],
    ['/api/a b/watch', '/api/a%20b/watch'],
    ['/api/%3c<"\xc3\xa9%2e!/watch', '/api/%3C%3C%22%C3%A9.%21/watch'],
    ['HTTPS://host:1/api/v1/watch', 'https://host:1/api/v1/watch'],
    ['http://user:secret@host/api/v1/watch', 'http://host/api/v1/watch'],
    ['http:/api/v1/watch', 'http:/api/v1/watch'],
  ];
  for (const [target = '', url = ''] of nothingAfterVerb) {
    test(`nothing after the verb: ${target}`, () => {
      assert.throws(() => requestInfo('GET', target), {
        name: 'RequestInfoError',
        code: 'MVP_REQUEST_INFO',
        status: 500,
        message: `unable to determine kind and namespace from url, ${url}`,
      });
    });
  }

  test('a bad target is answered 400', () => {
    assert.throws(() => requestInfo('GET', '/%'), { code: 'MVP_BAD_TARGET', status: 400, reason: 'BadRequest' });
  });
});

describe('properties', () => {
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'x');
  const fragment = fc.constantFrom(
    '/',
    'api',
    'apis',
    'v1',
    'watch',
    'proxy',
    'namespaces',
    '%',
    '%2F',
    '?',
    '&',
    '=',
    '\\',
  );
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(fragment, fc.string()), { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.array(fc.oneof(fragment, fc.string()), { maxLength: 12 }).map((parts) => `/api/v1/pods?${parts.join('')}`),
  );

  test('any string gives a RequestInfo or a RequestInfoError', () => {
    fc.assert(
      fc.property(method, target, (verb, text) => {
        codeOf(verb, text);
      }),
    );
  });

  // `.` and `/` would be fine for Go too; an empty or slashed segment cannot be told apart from its neighbours.
  const segment = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
  const resource = segment.filter((text) => !['watch', 'proxy', 'namespaces', 'status', 'finalize'].includes(text));

  test('an encoded path is parsed back', () => {
    fc.assert(
      fc.property(
        fc.option(segment, { nil: '' }),
        segment,
        fc.option(segment, { nil: '' }),
        resource,
        fc.option(fc.tuple(segment, fc.option(segment, { nil: '' })), { nil: undefined }),
        (group, version, namespace, type, nameAndSubresource) => {
          const [name = '', subresource = ''] = nameAndSubresource ?? [];
          const path = [
            ...(group === '' ? ['api'] : ['apis', group]),
            version,
            ...(namespace === '' ? [] : ['namespaces', namespace]),
            type,
            ...[name, subresource].filter((text) => text !== ''),
          ];
          const info = requestInfo('GET', encodeTarget(path));
          assert.equal(info.isResourceRequest, true);
          assert.equal(info.verb, name === '' ? 'list' : 'get');
          assert.deepEqual(
            [info.apiGroup, info.apiVersion, info.namespace, info.resource, info.name, info.subresource],
            [group, version, namespace, type, name, subresource],
          );
          assert.deepEqual(requestInfo('GET', encodeTarget(path)), info);
          assert.deepEqual(requestInfo('GET', `https://host${encodeTarget(path)}`), info);
        },
      ),
    );
  });

  test('a path is decoded like decodeURIComponent decodes', () => {
    const escaped = fc
      .string({ unit: 'binary' })
      .filter((text) => text.isWellFormed())
      .map(encodeURIComponent);
    const piece = fc.oneof(escaped, fc.constantFrom('/', '+', "'", ':', '~', '%7e', '%C3%A9'));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const raw = `/${pieces.join('')}`;
        assert.equal(requestInfo('GET', raw).path, decodeURIComponent(raw));
      }),
    );
  });

  test('a query never changes what the path says', () => {
    fc.assert(
      fc.property(fc.string(), (query) => {
        const plain = requestInfo('PUT', '/api/v1/namespaces/ns/pods/x/status');
        const target = `/api/v1/namespaces/ns/pods/x/status?${encodeURI(query.toWellFormed())}`;
        assert.deepEqual(requestInfo('PUT', target), plain);
      }),
    );
  });
});
