/** A user as kube-apiserver's `user.Info` describes one; what the X-Remote-* headers carry. */
export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  /** Keys in lower case, each with its values in order. */
  readonly extra: readonly (readonly [key: string, values: readonly string[]])[];
}

/** A user whom we vouch for, and on whose word: a certificate's is the same object for all requests of its connection. */
export interface VouchedUser {
  readonly user: User;
  readonly source: 'client-certificate' | 'front-proxy';
}
