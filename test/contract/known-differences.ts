/** A place where an embedded server says something else than a real one, and why that stays so. */
export interface KnownDifference {
  /** Of the case in the contract suite. */
  readonly id: string;
  /** Number of the answer in the case, from 1; all answers when left out. */
  readonly answer?: number;
  /** Where in the answer, and all below: `body.items.0.status`. A `*` stands for any one name. */
  readonly path: string;
  /** Only for servers of these versions. Default: all. */
  readonly versions?: readonly string[];
  /** What differs, and why nobody needs it to be the same. */
  readonly reason: string;
}

type Place = Omit<KnownDifference, 'reason'>;

const NEW = { versions: ['1.37.2'] };
const OLD = { versions: ['1.34.4'] };

const because = (reason: string, ...places: readonly Place[]): readonly KnownDifference[] =>
  places.map((place) => ({ ...place, reason }));

const message = (id: string, ...answers: readonly number[]): readonly Place[] =>
  answers.map((answer) => ({ id, answer, path: 'body.message' }));

/** Everything that the contract suite finds different between embedded and real API servers. docs/lab.md shows it. */
export const knownDifferences: readonly KnownDifference[] = [
  ...because(
    'JSON that cannot be read is described in the words of JavaScript instead of Go. Status, reason and code are equal.',
    ...message('create-refused', 2, 3, 4, 16, 17, 18),
    ...message('update-refused', 7, 9),
    ...message('list-pages', 6),
    { id: 'patch-refused', answer: 3, path: 'body.message', ...OLD },
  ),
  ...because(
    'A label selector that cannot be read is refused without saying at which token. Status, reason and code are equal.',
    ...message('list-selectors', 14, 15, 16, 17),
    ...message('watch-refused', 6),
    ...message('delete-collection', 7),
  ),
  ...because(
    'The embedded servers speak JSON and YAML, no protobuf, and say so when they refuse a media type.',
    ...message('media-types', 3, 5, 7),
    ...message('discovery-aggregated', 2, 8, 10, 16),
    { id: 'discovery-aggregated', answer: 8, path: 'body.details' },
  ),
  ...because(
    'Columns of tables are not described. kubectl shows descriptions nowhere.',
    { id: 'tables', path: 'body.columnDefinitions.*.description' },
    { id: 'table-watch', path: 'events.0.object.columnDefinitions.*.description' },
    { id: 'custom-tables', path: 'body.columnDefinitions.*.description' },
  ),
  ...because(
    'There is no storage version to hash: servers of a lab share one store whose objects have no version of their own.',
    { id: 'discovery', path: 'body.resources.*.storageVersionHash' },
    { id: 'definition', path: 'body.resources.*.storageVersionHash' },
  ),
  ...because(
    'There is no priority and fairness, so no header field names a flow schema.',
    { id: 'headers', path: 'body.x-kubernetes-pf-flowschema-uid' },
    { id: 'headers', path: 'body.x-kubernetes-pf-prioritylevel-uid' },
  ),
  ...because(
    'No warning is sent for deprecated types.',
    { id: 'headers', answer: 9, path: 'fields.warning' },
    { id: 'headers', answer: 9, path: 'body.warning' },
  ),
  ...because(
    'Empty fields that Go would write, or leave out, are stored as they were sent.',
    { id: 'create-defaults', answer: 1, path: 'body.status' },
    { id: 'create-defaults', answer: 5, path: 'body.data' },
    { id: 'update-kept', path: 'body.status' },
    { id: 'patch', path: 'body.status' },
    { id: 'scale', answer: 7, path: 'body.status' },
    { id: 'namespace', answer: 9, path: 'body.spec.finalizers' },
  ),
  ...because(
    'Only few fields are defaulted, those that controllers and kubectl read, so that nobody owns the others.',
    { id: 'tables', path: 'body.rows.*.object.metadata.managedFields' },
  ),
  ...because(
    'kube-apiserver records who scales without a time, and not at all for custom objects.',
    { id: 'scale', answer: 7, path: 'body.metadata.managedFields.1.time' },
    { id: 'custom-objects', answer: 12, path: 'body.metadata.managedFields' },
    { id: 'custom-objects', answer: 13, path: 'body.items.0.metadata.managedFields' },
  ),
  ...because(
    'Reviews are not stored, so nobody asks who owns their fields.',
    ...[3, 4, 5, 6, 9].map((answer) => ({ id: 'reviews', answer, path: 'body.metadata.managedFields' })),
  ),
  ...because('kube-apiserver writes an empty continue token into lists of custom objects.', {
    id: 'custom-objects',
    path: 'body.metadata.continue',
  }),
  ...because(
    'Details of refusals that no client acts on differ between versions; embedded servers word them all as 1.37 does.',
    { id: 'create-refused', answer: 9, path: 'body', ...OLD },
    { id: 'create-refused', answer: 13, path: 'body', ...OLD },
    { id: 'update-refused', answer: 5, path: 'body.details.causes', ...OLD },
    { id: 'update-refused', answer: 6, path: 'body.details.causes', ...OLD },
    { id: 'patch-refused', answer: 12, path: 'body.details.causes', ...OLD },
    { id: 'patch-refused', answer: 13, path: 'body.details.causes', ...OLD },
    { id: 'delete-finalizers', answer: 4, path: 'body.details.causes', ...OLD },
    { id: 'reviews', answer: 8, path: 'body', ...OLD },
    { id: 'tables', answer: 4, path: 'body', ...OLD },
  ),
  ...because(
    'Impersonation is refused as before 1.36, and mistakes in its header fields are the client’s, not the server’s.',
    { id: 'refused-users', answer: 12, path: 'body', ...NEW },
    { id: 'refused-users', answer: 13, path: 'body', ...NEW },
    { id: 'refused-users', answer: 13, path: 'status', ...OLD },
  ),
  ...because(
    'Custom objects are taken as they come: schemas validate, prune and default nothing. Clients of a lab send good ones.',
    { id: 'custom-validation', answer: 1, path: 'body' },
    { id: 'custom-validation', answer: 2, path: 'status' },
    { id: 'custom-validation', answer: 3, path: 'status' },
  ),
  ...because(
    'What is wrong is said in fewer words. Reason and code are equal.',
    ...message('update-refused', 3),
    { id: 'definition-refused', answer: 2, path: 'body' },
    { id: 'delete-propagation', answer: 9, path: 'body', ...NEW },
    { id: 'delete-propagation', answer: 9, path: 'status', ...OLD },
  ),
  ...because('The administrator of an embedded control plane has no UID.', {
    id: 'reviews',
    answer: 1,
    path: 'body.status.userInfo.uid',
  }),
];
