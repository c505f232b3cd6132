import { groupVersion, type JsonObject } from '../../api-object.ts';
import type { ApiError } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import { groupVersionKind } from '../patch/apply-problem.ts';
import type { KindFields } from '../served-type.ts';
import { isObject } from './object-meta.ts';
import { unclassified } from './refusals.ts';
import type { ExpectedKind } from './request-object.ts';
import type { ResourceOptions } from './resource-options.ts';
import type { FieldValidation } from './write-options.ts';

/**
 * Holds what a client writes to the fields of its kind, by the query's `fieldValidation` (KEP-2885). Unknown fields are
 * never stored. Without a recorded schema every field is known.
 */
export class FieldValidator {
  readonly #request: ApiRequest;
  readonly #kind: ExpectedKind;
  readonly #validation: FieldValidation;
  readonly #fields: KindFields | undefined;

  private constructor(
    request: ApiRequest,
    kind: ExpectedKind,
    validation: FieldValidation,
    fields: KindFields | undefined,
  ) {
    this.#request = request;
    this.#kind = kind;
    this.#validation = validation;
    this.#fields = fields;
  }

  static async of(
    { fieldsOf }: ResourceOptions,
    request: ApiRequest,
    kind: ExpectedKind,
    validation: FieldValidation,
  ): Promise<FieldValidator> {
    return new FieldValidator(request, kind, validation, await fieldsOf?.(kind));
  }

  /** The object without unknown fields, of which nothing is said. */
  known<T extends JsonObject>(object: T): T {
    // What every object has is known.
    return (this.#fields?.check(object).object ?? object) as T;
  }

  /** The same, saying what the client wants to hear of them: a warning for each, or the error made by `refusal`. */
  validated<T extends JsonObject>(object: T, refusal: (problem: string) => ApiError): T {
    const { object: known, unknown } = this.#fields?.check(object) ?? { object, unknown: [] };
    const problems = unknown.map(({ path }) => `unknown field ${JSON.stringify(path)}`);
    if (this.#validation === 'Warn') for (const problem of problems) this.#request.warn(problem);
    if (this.#validation === 'Strict' && problems.length > 0) {
      throw refusal(`strict decoding error: ${problems.join(', ')}`);
    }
    return known as T;
  }

  /** Throws the ApiError 500 with which an apply of unknown fields fails, whatever `fieldValidation` says. */
  requireDeclared(configuration: JsonObject): void {
    const { kind, apiVersion, metadata } = configuration;
    if (kind !== this.#kind.kind || apiVersion !== groupVersion(this.#kind)) return;
    const unknown = this.#fields?.check(configuration).unknown ?? [];
    if (unknown.length === 0) return;
    const problems = unknown.map(({ typedPath }) => `${typedPath}: field not declared in schema`).sort();
    const list = problems.length === 1 ? problems[0] : `errors:\n${problems.map((each) => `  ${each}`).join('\n')}`;
    const meta = isObject(metadata) ? metadata : {};
    const name = `${meta['namespace'] ?? ''}/${meta['name'] ?? ''}`;
    throw unclassified(`failed to create typed patch object (${name}; ${groupVersionKind(configuration)}): ${list}`);
  }
}
