import { ProtobufMessage } from './protobuf-message.ts';
import type {
  SwaggerDocument,
  SwaggerOperation,
  SwaggerParameter,
  SwaggerPath,
  SwaggerSchema,
} from './swagger-document.ts';

/*
 * The binary form in which kubectl reads `/openapi/v2`: messages and field numbers of openapiv2/OpenAPIv2.proto in
 * github.com/google/gnostic-models. Values of any type are YAML text in it, of which JSON is a part.
 */

export function swaggerProtobuf({ info, paths, definitions }: SwaggerDocument): Buffer {
  return new ProtobufMessage()
    .text(1, '2.0')
    .message(2, new ProtobufMessage().text(1, info.title).text(2, info.version))
    .message(8, named(2, paths, pathMessage))
    .message(9, named(1, definitions, schemaMessage))
    .bytes();
}

const METHODS: ReadonlyMap<string, number> = new Map([
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['options', 6],
  ['head', 7],
  ['patch', 8],
]);

function pathMessage({ operations, parameters }: SwaggerPath): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const [method, field] of METHODS) {
    const operation = operations[method];
    if (operation !== undefined) message.message(field, operationMessage(operation));
  }
  for (const parameter of parameters) message.message(9, parameterMessage(parameter));
  return message;
}

function operationMessage(operation: SwaggerOperation): ProtobufMessage {
  const { tags, produces, consumes, parameters = [], responses, schemes, ...rest } = operation;
  const message = new ProtobufMessage().texts(1, tags).texts(6, produces).texts(7, consumes);
  for (const parameter of parameters) message.message(8, parameterMessage(parameter));
  const answers = new Map(Object.entries(responses));
  message.message(
    9,
    named(1, answers, ({ description, schema }) => {
      const response = new ProtobufMessage().text(1, description);
      if (schema !== undefined) response.message(2, new ProtobufMessage().message(1, schemaMessage(schema)));
      return new ProtobufMessage().message(1, response);
    }),
  );
  return extensions(message.texts(10, schemes), 13, rest);
}

function parameterMessage({ name, in: place, required, type, uniqueItems, schema }: SwaggerParameter): ProtobufMessage {
  const parameter = new ProtobufMessage();
  if (schema !== undefined) {
    const body = new ProtobufMessage().text(2, name).text(3, place).flag(4, required).message(5, schemaMessage(schema));
    parameter.message(1, body);
  } else {
    const isPath = place === 'path';
    const value = new ProtobufMessage()
      .flag(1, required)
      .text(2, place)
      .text(4, name)
      .text(isPath ? 5 : 6, type)
      .flag(isPath ? 18 : 19, uniqueItems);
    parameter.message(2, new ProtobufMessage().message(isPath ? 4 : 3, value));
  }
  return new ProtobufMessage().message(1, parameter);
}

function schemaMessage(schema: SwaggerSchema): ProtobufMessage {
  const { type, items, properties, additionalProperties } = schema;
  const message = new ProtobufMessage()
    .text(1, schema['$ref'])
    .text(2, schema['format'])
    .text(3, schema['title'])
    .text(4, schema['description'])
    .double(6, schema['multipleOf'])
    .double(7, schema['maximum'])
    .flag(8, schema['exclusiveMaximum'])
    .double(9, schema['minimum'])
    .flag(10, schema['exclusiveMinimum'])
    .integer(11, schema['maxLength'])
    .integer(12, schema['minLength'])
    .text(13, schema['pattern'])
    .integer(14, schema['maxItems'])
    .integer(15, schema['minItems'])
    .flag(16, schema['uniqueItems'])
    .integer(17, schema['maxProperties'])
    .integer(18, schema['minProperties'])
    .texts(19, schema['required']);
  for (const value of Array.isArray(schema['enum']) ? schema['enum'] : []) message.message(20, any(value));
  if (isSchema(additionalProperties)) {
    message.message(21, new ProtobufMessage().message(1, schemaMessage(additionalProperties)));
  } else if (additionalProperties !== undefined) {
    message.message(21, new ProtobufMessage().flag(2, additionalProperties));
  }
  if (type !== undefined) message.message(22, new ProtobufMessage().texts(1, [type].flat()));
  if (isSchema(items)) message.message(23, new ProtobufMessage().message(1, schemaMessage(items)));
  if (isSchema(properties)) {
    message.message(
      25,
      named(1, new Map(Object.entries(properties)), (each) => schemaMessage(isSchema(each) ? each : {})),
    );
  }
  return extensions(message, 31, schema);
}

/** Vendor extensions, whose names begin with `x-`. */
function extensions(
  message: ProtobufMessage,
  field: number,
  values: Readonly<Record<string, unknown>>,
): ProtobufMessage {
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith('x-')) message.message(field, new ProtobufMessage().text(1, name).message(2, any(value)));
  }
  return message;
}

function any(value: unknown): ProtobufMessage {
  return new ProtobufMessage().text(2, `${JSON.stringify(value)}\n`);
}

/** A message that holds name and value pairs in its repeated `field`. */
function named<T>(
  field: number,
  entries: ReadonlyMap<string, T>,
  write: (value: T) => ProtobufMessage,
): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const [name, value] of entries) {
    message.message(field, new ProtobufMessage().text(1, name).message(2, write(value)));
  }
  return message;
}

function isSchema(value: unknown): value is SwaggerSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
