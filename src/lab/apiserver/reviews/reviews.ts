import type { User } from '../../../identity/user.ts';
import type { JsonObject } from '../../api-object.ts';
import type { Store } from '../../store/store.ts';
import { badRequest } from '../api-error.ts';
import type { ApiHandler, ApiRequest } from '../api-request.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts';
import type { PolicyRule } from '../authorization/policy-rule.ts';
import type { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import { answerJson } from '../resources/answer.ts';
import { accessOfSpec, accessStatus, invalidReview, invalidValue } from './access-review.ts';
import { type ReviewObject, reviewObject, textOf, textsOf } from './review-object.ts';
import { tokenRequest } from './token-request.ts';
import { userInfo, userOfSpec } from './user-info.ts';

export interface ReviewsOptions {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly authorizer: RbacAuthorizer;
  readonly serviceAccounts: ServiceAccountTokens;
  readonly clock: () => number;
}

/** Fills in the answer to one kind of review. */
type Review = (object: ReviewObject, request: ApiRequest) => JsonObject;

/**
 * The types whose objects are questions: created, answered, never stored. Whether a server has them is for its catalog
 * to say.
 */
export class Reviews {
  readonly #options: ReviewsOptions;
  readonly #token: ApiHandler;
  readonly #reviews: ReadonlyMap<string, Review>;

  constructor(options: ReviewsOptions) {
    this.#options = options;
    this.#token = tokenRequest(options.store, options.serviceAccounts, options.clock);
    this.#reviews = new Map<string, Review>([
      ['authentication.k8s.io/selfsubjectreviews', (_object, { user }) => this.#whoAmI(user)],
      ['authentication.k8s.io/tokenreviews', (object) => this.#tokenReview(object)],
      ['authorization.k8s.io/selfsubjectaccessreviews', (object, { user }) => this.#access(object, user)],
      ['authorization.k8s.io/selfsubjectrulesreviews', (object, { user }) => this.#rules(object, user)],
      ['authorization.k8s.io/subjectaccessreviews', (object) => this.#access(object, subjectOf(object))],
      ['authorization.k8s.io/localsubjectaccessreviews', (object, { info }) => this.#local(object, info.namespace)],
    ]);
  }

  /** The handler of a request for `group`'s `resource`, if it is a review (or asks for a token). */
  handler(group: string, resource: string, subresource: string): ApiHandler | undefined {
    if (group === '' && resource === 'serviceaccounts' && subresource === 'token') return this.#token;
    const review = this.#reviews.get(`${group}/${resource}`);
    return review && ((request) => answer(request, review));
  }

  #whoAmI(user: User): JsonObject {
    const creationTimestamp = `${new Date(this.#options.clock()).toISOString().slice(0, 19)}Z`;
    return { metadata: { creationTimestamp }, status: { userInfo: userInfo(user) } };
  }

  #access({ spec }: ReviewObject, user: User): JsonObject {
    return { spec, status: accessStatus(this.#options.authorizer.authorize(user, accessOfSpec(spec))) };
  }

  #local(object: ReviewObject, namespace: string): JsonObject {
    const user = subjectOf(object);
    const access = accessOfSpec(object.spec);
    const field = 'spec.resourceAttributes.namespace';
    if (access.kind === 'path') {
      throw invalidReview([invalidValue('spec.nonResourceAttributes', null, 'disallowed on this kind of request')]);
    }
    if (access.namespace !== namespace) {
      throw invalidReview([invalidValue(field, access.namespace, 'must match metadata.namespace')]);
    }
    return { metadata: { ...object.metadata, namespace }, ...this.#access(object, user) };
  }

  #rules({ spec }: ReviewObject, user: User): JsonObject {
    const namespace = textOf(spec['namespace']);
    if (namespace === '') throw badRequest('no namespace on request');
    const rules = this.#options.authorizer.rulesFor(user, namespace);
    return {
      spec: {},
      status: {
        resourceRules: rules.filter(({ resources }) => resources.length > 0).map(resourceRule),
        nonResourceRules: rules
          .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete: false,
      },
    };
  }

  #tokenReview({ spec }: ReviewObject): JsonObject {
    const token = textOf(spec['token']);
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    const verified = this.#options.authenticator.review(token, textsOf(spec['audiences']));
    if (verified === undefined) return { spec, status: { user: {}, error: 'invalid bearer token' } };
    const { user, audiences } = verified;
    return { spec, status: { authenticated: true, user: userInfo(user), audiences } };
  }
}

async function answer(request: ApiRequest, review: Review): Promise<void> {
  const { kind, apiVersion, metadata, spec } = await reviewObject(request, request.type);
  const result = review({ kind, apiVersion, metadata, spec }, request);
  answerJson(request.exchange, 201, { kind, apiVersion, metadata, ...result });
}

function subjectOf({ spec }: ReviewObject): User {
  const user = userOfSpec(spec);
  if (user.name === '' && user.groups.length === 0) {
    throw invalidReview([invalidValue('spec.user', '', 'at least one of user or group must be specified')]);
  }
  return user;
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): JsonObject {
  return { verbs, apiGroups, resources, ...(resourceNames.length > 0 && { resourceNames }) };
}
