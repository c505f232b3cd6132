import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoTypes } from './go-types.ts';
import { parseMessages } from './messages.ts';

test('messages of a .proto file', () => {
  const proto = `
package k8s.io.api.core.v1;

// A volume.
message Volume {
  // Its name.
  optional string name = 1;

  optional VolumeSource volumeSource = 2;

  map<string, .k8s.io.apimachinery.pkg.api.resource.Quantity> limits = 3;

  repeated k8s.io.api.apps.v1.Thing things = 4;
}
`;
  const { package: name, messages } = parseMessages(proto);
  assert.equal(name, 'k8s.io.api.core.v1');
  assert.deepEqual(messages.get('Volume'), [
    { number: 1, name: 'name', type: 'string', shape: 'single' },
    { number: 2, name: 'volumeSource', type: 'k8s.io.api.core.v1.VolumeSource', shape: 'single' },
    { number: 3, name: 'limits', type: 'k8s.io.apimachinery.pkg.api.resource.Quantity', shape: 'map' },
    { number: 4, name: 'things', type: 'k8s.io.api.apps.v1.Thing', shape: 'list' },
  ]);
});

test('struct tags of Go', () => {
  const go = `
type ExtraValue []string

type Volume struct {
	// Its name.
	Name string \`json:"name,omitempty" protobuf:"bytes,1,opt,name=name"\`
	VolumeSource \`json:"" protobuf:"bytes,2,opt,name=volumeSource"\`
	Common \`json:",inline" protobuf:"bytes,3,req"\`
	Ref *string \`json:"$ref,omitempty" protobuf:"bytes,4,opt,name=ref"\`
	Limits map[string]int32 \`json:"limits" protobuf:"bytes,5,rep,name=limits"\`
}
`;
  const { structs, lists } = parseGoTypes(go);
  assert.deepEqual([...lists], ['ExtraValue']);
  assert.deepEqual(
    [...(structs.get('Volume') ?? [])],
    [
      [1, { json: 'name', omitsZero: true }],
      [2, { json: undefined, omitsZero: false }],
      [3, { json: undefined, omitsZero: false }],
      [4, { json: '$ref', omitsZero: false }],
      [5, { json: 'limits', omitsZero: false }],
    ],
  );
});
