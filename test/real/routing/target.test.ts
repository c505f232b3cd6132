import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { AuditLogs } from '../support/audit-log.ts';
import { type Answer, header, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { assertSameAnswer } from '../support/same-answer.ts';

const audit = await AuditLogs.create();
after(() => audit.remove());
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4', extraArgs: audit.flags('old') },
    { name: 'new', version: '1.37.2', extraArgs: audit.flags('new') },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const sidecar = await startProxy(controlPlane, { extraArgs: [`--local-server=${controlPlane.server('old').url}`] });

const SKEWED = '/apis/resource.k8s.io/v1/devicetaintrules';

/** Targets that a proxy which parses and writes URLs again would change. */
const QUERIES = [
  '',
  '?b=2&a=1&a=%2F',
  '?b=2&a=1&a=%2F&zz=%7e&limit=1',
  '?labelSelector=a%20in%20(b,c)&limit=1&limit=2',
  '?labelSelector=a+in+(b)&&&limit=1',
  '?unknown=a;b=c&limit=1',
  '?limit=1&pretty',
  '?',
];
const NAMES = [
  'a%2Fb',
  'a%2fb',
  '%61',
  'a%2F..%2F..',
  '.',
  '..',
  'a/../b',
  '/',
  'a%25b',
  'a+b',
  '%C3%A4',
  "!$'()*,;=:@~",
];

for (const [side, collection, server] of [
  ['that the local server serves', '/api/v1/namespaces/default/configmaps', 'old'],
  ['that only a peer serves', SKEWED, 'new'],
] as const) {
  test(`the target of a request for a resource ${side} arrives byte for byte`, async () => {
    const targets = [
      ...QUERIES.map((query) => `${collection}${query}`),
      ...NAMES.map((name) => `${collection}/${name}`),
      `${collection}/a%2Fb?b=2&a=1&a=%2F`,
    ];
    for (const protocol of PROTOCOLS) {
      const caller = { protocol, ca: pki.servingCa.cert, certificate: pki.admin };
      const through = httpClient({ url: sidecar.url, ...caller });
      const direct = httpClient({ url: controlPlane.server(server).url, ...caller });
      for (const target of targets) {
        const answer = await through.request({ target });
        const { requestURI } = await audit.event(server, header(answer, 'audit-id'));
        assert.equal(requestURI, target, protocol);
        const reference = await direct.request({ target });
        assertSameAnswer(withoutRevision(answer), withoutRevision(reference), `${target} over ${protocol}`);
      }
      through.close();
      direct.close();
    }
  });
}

/** Of a list: the revision of the whole store, which servers move by writing Leases and the like between two requests. */
function withoutRevision(answer: Answer): Answer {
  const body = answer.body.toString('latin1');
  if (!/"kind": ?"\w+List"/.test(body)) return answer;
  return { ...answer, body: Buffer.from(body.replace(/("resourceVersion": ?)"\d+"/, '$1""'), 'latin1') };
}
