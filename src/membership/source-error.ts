/** Why a source has no answer, in one word that stays the same while the cause does. */
export type SourceFailure =
  /** No server is ready that could be asked. */
  | 'no-server'
  /** Nobody answered in time, or as an API server does. */
  | 'unanswered'
  /** We may not read it; deploy/rbac.yaml grants it. */
  | 'denied'
  /** More members than are believed. */
  | 'too-many'
  /** It had members and answers with none. */
  | 'empty'
  /** The name cannot be resolved at the moment. */
  | 'unresolved';

/** A source that could not be read. `message` completes "the source … failed: ". */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceFailure;

  constructor(code: SourceFailure, message: string) {
    super(message);
    this.code = code;
  }
}
