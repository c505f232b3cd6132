import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestInfo } from '../../../kubernetes/request-info.ts';
import { findRecording } from '../../recording/find-recording.ts';
import { ApiError } from '../api-error.ts';
import { servedTypes } from '../catalog/served-types.ts';
import type { ServedType } from '../served-type.ts';
import { resourceRoute } from './resource-route.ts';

const { api, apis } = await findRecording('1.37');
const WIDGETS: ServedType = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  listKind: 'WidgetList',
  singular: 'widget',
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  shortNames: [],
  categories: [],
  subresources: new Map(),
  custom: { definition: 'widgets.example.com', schema: undefined, printerColumns: [], scale: undefined },
};
const all = [...servedTypes([...api, ...apis]), WIDGETS];
const types = {
  all: () => all,
  find: ({ group, version, resource }: { group: string; version: string; resource: string }) =>
    all.find((type) => type.group === group && type.version === version && type.resource === resource),
};
const compiledIn = new Set(['', ...apis.map(({ metadata }) => metadata.name)]);

/** `page`: 404 page not found; else the code of a Status, with its message where it is not the usual one. */
function outcome(method: string, target: string): string {
  try {
    const type = resourceRoute(types, (group) => compiledIn.has(group), method, requestInfo(method, target));
    return type === undefined ? 'page' : 'served';
  } catch (error) {
    assert.ok(error instanceof ApiError);
    const { code, message = '', details = {} } = error.status;
    return Object.keys(details).length === 0 && code !== 400 ? String(code) : `${code} ${message}`;
  }
}

// What kube-apiserver 1.37.2 answered; `served` stands for anything that is no refusal of the route.
const RECORDED: Readonly<Record<string, string>> = {
  'GET /apis/nobody.example/v1/things': 'page',
  'POST /apis/nobody.example/v1/things': 'page',
  'OPTIONS /apis/nobody.example/v1/things': 'page',
  'GET /apis/apps/v7/deployments': '404',
  'GET /apis/apps/v1/nosuch': '404',
  'GET /apis/apps/v1/nosuch/one': '404',
  'PUT /apis/apps/v1/nosuch': '404',
  'GET /apis/apps/v1/namespaces/default/nosuch': '404',
  'GET /apis/apps/v1/namespaces/default/deployments/one/nosuch': '404',
  'GET /apis/apps/v1/namespaces/default/deployments/one/scale': 'served',
  'GET /api/v1/namespaces/default/configmaps/one/status': '404',
  'GET /api/v1/namespaces/default/configmaps/a/b/c/d': '404',
  'GET /api/v2/pods': '404',
  'GET /api/v1/configmaps/one': '404',
  'GET /api/v1/namespaces/default/nodes': '404',
  'GET /api/v1/namespaces/default/namespaces': '404',
  'GET /api/v1/namespaces/default/configmaps/': 'served',
  'GET /api/v1/configmaps/': 'served',
  'GET /api/v1//configmaps': '404',
  'GET /api/v1/namespaces//configmaps': 'served',
  'GET /api/v1/namespaces/default': 'served',
  'GET /api/v1/namespaces/default/': 'served',
  'DELETE /api/v1/namespaces/default/status': '405',
  'GET /api/v1/namespaces/default/finalize': '405',
  'PUT /api/v1/namespaces/default/finalize': 'served',
  'GET /api/v1/watch/configmaps': 'served',
  'POST /api/v1/watch/configmaps': '405',
  'GET /api/v1/watch/namespaces': 'served',
  'GET /api/v1/watch/nosuch': '404',
  'GET /api/v1/watch/namespaces/default/configmaps/one': 'served',
  'GET /apis/authorization.k8s.io/v1/watch/selfsubjectaccessreviews': '404',
  'GET /api/v1/proxy/namespaces/default/pods/one': '404',
  'GET /api/v1/namespaces/default/pods/one/log': 'served',
  'GET /api/v1/namespaces/default/pods/one/log/x': '404',
  'PUT /api/v1/namespaces/default/pods/one/log': '405',
  'GET /api/v1/namespaces/default/pods/x/proxy/a/b': 'served',
  'GET /api/v1/namespaces/default/pods/x/exec': 'served',
  'POST /api/v1/namespaces/default/pods/x/status': '405',
  'POST /api/v1/componentstatuses': '405',
  'PUT /api/v1/namespaces/default/configmaps': '405',
  'PATCH /api/v1/namespaces/default/configmaps': '405',
  'POST /api/v1/namespaces/default/configmaps/one': '405',
  'OPTIONS /api/v1/namespaces/default/configmaps': '405',
  'TRACE /api/v1/namespaces/default/configmaps': '405',
  'HEAD /api/v1/namespaces': '405',
  'HEAD /api/v1/namespaces/default': '405',
  'POST /api/v1/configmaps': '405',
  'DELETE /api/v1/configmaps': '405',
  'PUT /api/v1/nodes': '405',
  'GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': '405',
  'GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x': '404',
  'DELETE /apis/authorization.k8s.io/v1/subjectaccessreviews': '405',
  'POST /apis/authorization.k8s.io/v1/localsubjectaccessreviews': '404',
  'GET /api/v1/namespaces/default/bindings': '405',
  'GET /api/v1/namespaces/default/serviceaccounts/default/token': '405',
  'GET /apis/example.com/v1/namespaces/default/widgets': 'served',
  'HEAD /apis/example.com/v1/namespaces/default/widgets': 'served',
  'PUT /apis/example.com/v1/namespaces/default/widgets': '400 name must be provided',
  'PATCH /apis/example.com/v1/namespaces/default/widgets': '400 name must be provided',
  'OPTIONS /apis/example.com/v1/namespaces/default/widgets':
    '405  is not supported on resources of kind "widgets.example.com"',
  'GET /apis/example.com/v1/namespaces/default/widgets/one': 'served',
  'GET /apis/example.com/v1/namespaces/default/widgets/one/status': '404 widgets.example.com "one" not found',
  'OPTIONS /apis/example.com/v1/namespaces/default/widgets/one/status': '404 widgets.example.com "one" not found',
  'GET /apis/example.com/v1/namespaces/default/widgets/one/x/y': '404 widgets.example.com "one" not found',
  'GET /apis/example.com/v1/widgets': 'served',
  'GET /apis/example.com/v1/widgets/one': 'page',
  'POST /apis/example.com/v1/widgets': 'page',
  'DELETE /apis/example.com/v1/widgets': 'page',
  'OPTIONS /apis/example.com/v1/widgets': 'page',
  'GET /apis/example.com/v2/widgets': 'page',
  'GET /apis/example.com/v1/gadgets': 'page',
  'GET /apis/example.com/v1/watch/namespaces/default/widgets': 'served',
  'GET /apis/example.com/v1/proxy/widgets/x': 'page',
};

describe('a resource request is routed as by a real server', () => {
  for (const [request, expected] of Object.entries(RECORDED)) {
    test(`${request}: ${expected}`, () => {
      const [method = '', target = ''] = request.split(' ');
      assert.equal(outcome(method, target), expected);
    });
  }
});
