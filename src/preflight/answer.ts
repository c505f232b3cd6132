import type { Fields } from '../wire/fields.ts';
import type { CheckCode } from './check-codes.ts';

export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly fields: Fields; readonly body: Buffer }
  /** None came. */
  | { readonly kind: 'none'; readonly message: string };

export type Answered = Extract<Answer, { kind: 'answered' }>;

/** What a question that needs the ones before it came to. */
export type Read<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'blocked'; readonly by: CheckCode }
  | { readonly kind: 'failed'; readonly text: string; readonly status: number };
