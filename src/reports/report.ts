import type { z } from 'zod';
import type { Agrees } from './json-of.ts';

/** One JSON output: of a reading command with `--output json`, and of the admin page it comes from. */
export interface Report {
  /** With its arguments: `mvproxy explain METHOD PATH`; '' when no command prints it. */
  readonly command: string;
  /** The admin page: `/explain`; '' when only a command makes it. */
  readonly path: string;
  /** Of its section and of its JSON Schema: `explain`. */
  readonly name: string;
  /** What it says, in one line. */
  readonly title: string;
  readonly schema: z.ZodObject;
}

/**
 * A schema of what is written from a `T`. It is a compile error when they disagree, be it that a member has no description
 * here or that one is described that does not exist: `schemaOf<RequestExplanation>()(z.strictObject({ … }))`.
 */
export function schemaOf<T>() {
  return <Schema extends z.ZodType>(
    schema: Schema & (Agrees<T, z.output<Schema>> extends true ? unknown : { readonly 'disagrees with the type': T }),
  ): Schema => schema;
}
