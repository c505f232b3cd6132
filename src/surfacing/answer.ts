/** What came of one question to one server. */
export type Answer<T> =
  | { readonly kind: 'read'; readonly value: T }
  /** 404. */
  | { readonly kind: 'absent' }
  /** The server does not offer this form. */
  | { readonly kind: 'not-offered' }
  | {
      readonly kind: 'failed';
      readonly reason: /** No answer within the time. */
        | 'silent'
        | 'unreachable'
        /** 401 or 403. */
        | 'forbidden'
        /** 503: as of a group-version whose extension server is down. */
        | 'unavailable'
        /** Another status, or a document that is not what it should be. */
        | 'unusable';
      readonly message: string;
    };

export type FailedAnswer = Extract<Answer<never>, { kind: 'failed' }>;

/** The value, if there is one. */
export function valueRead<T>(answer: Answer<T> | undefined): T | undefined {
  return answer?.kind === 'read' ? answer.value : undefined;
}
