import type { StatusCause } from '../../../kubernetes/status.ts';

/** Causes of an Invalid status, worded as apimachinery's pkg/util/validation/field words them. */
const problem = (reason: string, field: string, message: string): StatusCause => ({ reason, message, field });

const quoted = (value: unknown) => JSON.stringify(value);

export const requiredValue = (field: string, why: string) =>
  problem('FieldValueRequired', field, `Required value: ${why}`);

export const invalidValue = (field: string, value: unknown, why: string) =>
  problem('FieldValueInvalid', field, `Invalid value: ${quoted(value)}: ${why}`);

export const forbiddenValue = (field: string, why: string) =>
  problem('FieldValueForbidden', field, `Forbidden: ${why}`);

export const unsupportedValue = (field: string, value: unknown, supported: readonly string[]) =>
  problem(
    'FieldValueNotSupported',
    field,
    `Unsupported value: ${quoted(value)}: supported values: ${supported.map(quoted).join(', ')}`,
  );
