import { type ClientOptions, type HttpRequest, requestOnce } from './http-client.ts';

/** `authentication.k8s.io/v1 UserInfo`. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Whom a server takes a caller for. */
export type Identity =
  | { readonly kind: 'user'; readonly user: UserInfo }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly message: string };

export const REVIEW: HttpRequest = {
  method: 'POST',
  target: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
};

/** Asks with a SelfSubjectReview, as `kubectl auth whoami` does. */
export async function whoAmI(caller: ClientOptions, headers: readonly string[] = []): Promise<Identity> {
  const { status, body } = await requestOnce(caller, { ...REVIEW, headers });
  return identityOf(status, body.toString('utf8'));
}

export function identityOf(status: number, body: string): Identity {
  if (status !== 201) {
    // Some errors of kube-apiserver are plain text.
    if (!body.startsWith('{')) return { kind: 'refused', status, reason: '', message: body };
    const { reason = '', message = '' }: { reason?: string; message?: string } = JSON.parse(body);
    return { kind: 'refused', status, reason, message };
  }
  const review: { status: { userInfo: UserInfo } } = JSON.parse(body);
  return { kind: 'user', user: review.status.userInfo };
}
