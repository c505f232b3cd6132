import { saidOfControlUser } from '../servers/control-identity.ts';
import type { Fields } from '../wire/fields.ts';
import type { Answer } from './answer.ts';
import { objectIn, textAt, valueAt } from './json-object.ts';

/** Whom a server takes us for. */
export type Acceptance =
  | {
      readonly kind: 'as';
      readonly user: string;
      /** What else we said of the user and it does not believe. */
      readonly disbelieved: readonly ('groups' | 'extra')[];
    }
  /** It believes us, and cannot say whom it takes us for. */
  | { readonly kind: 'somebody' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'unanswered'; readonly message: string };

/** Posts an object to a collection. */
type Post = (target: string, body: object) => Promise<Answer>;

/** Said of our own user in this one question alone, and means nothing to anybody: a server that believes it says it back. */
const PROOF = 'system:mixed-version-proxy:preflight';
const EXTRA = 'preflight';
export const PROOF_FIELDS: Fields = saidOfControlUser(PROOF, EXTRA);

/** Asks for a SelfSubjectReview, which servers have since 1.26 and as v1 since 1.28; older ones whether we are anybody. */
export async function whoAmI(post: Post): Promise<Acceptance> {
  for (const version of ['v1', 'v1beta1', 'v1alpha1']) {
    const apiVersion = `authentication.k8s.io/${version}`;
    const answer = await post(`/apis/${apiVersion}/selfsubjectreviews`, { apiVersion, kind: 'SelfSubjectReview' });
    if (answer.kind === 'none') return { kind: 'unanswered', message: answer.message };
    const said = objectIn(answer.body);
    if (answer.status === 201) return { kind: 'as', ...userInfo(valueAt(said, 'status', 'userInfo')) };
    if (answer.status !== 404) return refusalOf(answer.status, textAt(said, 'message'));
  }
  return isAnybody(post);
}

/** Every authenticated user may ask what it may do. */
async function isAnybody(post: Post): Promise<Acceptance> {
  const answer = await post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { nonResourceAttributes: { verb: 'get', path: '/version' } },
  });
  if (answer.kind === 'none') return { kind: 'unanswered', message: answer.message };
  if (answer.status === 201) return { kind: 'somebody' };
  return refusalOf(answer.status, textAt(objectIn(answer.body), 'message'));
}

function userInfo(value: unknown): Omit<Extract<Acceptance, { kind: 'as' }>, 'kind'> {
  const has = (list: unknown): boolean => Array.isArray(list) && list.includes(PROOF);
  const disbelieved: ('groups' | 'extra')[] = [];
  if (!has(valueAt(value, 'groups'))) disbelieved.push('groups');
  if (!has(valueAt(value, 'extra', EXTRA))) disbelieved.push('extra');
  return { user: textAt(value, 'username'), disbelieved };
}

/** A 403 names whom the server took us for. */
function refusalOf(status: number, message: string): Acceptance {
  const [, user] = /User "([^"]*)"/i.exec(message) ?? [];
  return status === 403 && user !== undefined
    ? { kind: 'as', user, disbelieved: [] }
    : { kind: 'refused', status, message };
}
