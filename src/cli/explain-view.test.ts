import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestExplanation } from '../admin/request-explanation.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import { explainText } from './explain-view.ts';
import type { TerminalStyle } from './terminal-style.ts';

const STYLE: TerminalStyle = { unicode: true, columns: 100, paint: (text) => text };
const PATH = '/api/v1/namespaces/a/pods/b/resize';

const EXPLANATION: RequestExplanation = {
  kind: 'RequestExplanation',
  method: 'PATCH',
  path: PATH,
  request: requestInfo('PATCH', PATH),
  refused: null,
  subject: 'pods/resize.v1',
  servers: [
    {
      name: 'new',
      version: '1.37.2',
      ready: true,
      condition: '',
      discoveryAgeSeconds: 0.25,
      source: 'proxy',
      capability: { serves: 'yes' },
      text: 'serves it',
    },
    {
      name: 'old',
      version: '1.34.4',
      ready: false,
      condition: 'no answer',
      discoveryAgeSeconds: 12,
      source: 'proxy',
      capability: { serves: 'no', lacks: 'subresource' },
      text: 'knows pods, not its subresource resize',
    },
    {
      name: 'far',
      version: '',
      ready: false,
      condition: 'refused',
      discoveryAgeSeconds: null,
      source: 'proxy',
      capability: { serves: 'unknown' },
      text: 'may serve it: its discovery was never read',
    },
  ],
  merged: false,
  preference: '',
  outcomes: [
    {
      preferred: ['new'],
      answeredBy: 'preferred',
      server: '',
      reason: 'PreferredCapable',
      refreshesFirst: false,
      text: 'The preferred server answers: it serves this.',
    },
    {
      preferred: ['old', 'far'],
      answeredBy: 'other',
      server: 'new',
      reason: 'PeerServesSubresourceOrVerb',
      refreshesFirst: false,
      text: 'new answers: why not.',
    },
  ],
  alone: null,
};

test('an explanation is the request as it is read, the servers, and the outcomes', () => {
  assert.equal(
    explainText(EXPLANATION, STYLE),
    `PATCH /api/v1/namespaces/a/pods/b/resize
  verb patch, group core, version v1, resource pods, subresource resize, namespace a, name b

SERVER  VERSION  READ        GETS REQUESTS  SERVES IT
new     1.37.2   0.3 s ago   yes            yes
old     1.34.4   12.0 s ago  no             no: knows pods, not its subresource resize
far              never       no             maybe: may serve it: its discovery was never read

old gets no requests: no answer

far gets no requests: refused

If the client prefers new: The preferred server answers: it serves this.

If the client prefers old or far: new answers: why not.
`,
  );
});

test('why the client prefers some servers is told before what becomes of its request', () => {
  const text = explainText({ ...EXPLANATION, preference: 'It is new.' }, STYLE);
  assert.match(text, /\n\nIt is new\.\n\nIf the client prefers new: /);
});

test('a path of API metadata has no capabilities, and may be answered from the merged view', () => {
  const text = explainText(
    {
      ...EXPLANATION,
      method: 'GET',
      path: '/apis',
      request: requestInfo('GET', '/apis'),
      servers: EXPLANATION.servers.map((server) => ({ ...server, capability: null, text: '' })),
      merged: true,
      alone: { server: 'old', text: 'By itself, old lists here: apps.', lists: ['apps'] },
    },
    STYLE,
  );
  assert.match(text, /get of a path that names no resource/);
  assert.doesNotMatch(text, /SERVES IT|If the client/);
  assert.match(text, /\n\nThe proxy answers from its merged view, .*\n\nBy itself, old lists here: apps\.\n$/);
});

test('a refused request is told with its status', () => {
  const refused = { status: 500, message: 'unable to determine kind' };
  const text = explainText({ ...EXPLANATION, request: null, refused, servers: [], outcomes: [] }, STYLE);
  assert.match(text, /refuse this with 500: unable to determine kind\n$/);
});
