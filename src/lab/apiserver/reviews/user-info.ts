import type { User } from '../../../identity/user.ts';
import type { JsonObject } from '../../api-object.ts';
import { objectOf, textOf, textsOf } from './review-object.ts';

/** `authentication/v1 UserInfo`. */
export function userInfo({ name, uid, groups, extra }: User): JsonObject {
  return {
    username: name,
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  };
}

/** The user that the spec of a SubjectAccessReview names. */
export function userOfSpec(spec: JsonObject): User {
  return {
    name: textOf(spec['user']),
    uid: textOf(spec['uid']),
    groups: textsOf(spec['groups']),
    extra: Object.entries(objectOf(spec['extra'])).map(([key, values]) => [key.toLowerCase(), textsOf(values)]),
  };
}
