import { isIP } from 'node:net';
import { z } from 'zod';

/** What the flag parser, the reference page and the JSON Schema know about one field or section of the configuration. */
export interface FieldMeta {
  /** First sentence: what it is, also shown by `--help`. The rest: why, and when to change it. */
  readonly description: string;
  /** Heading of a section, or of the group of a field outside all sections, in `--help` and on the reference page. */
  readonly title?: string;
  /** Flag name without dashes. */
  readonly flag?: string;
  /** One-letter form of the flag. */
  readonly shortFlag?: string;
  /** Stands for the flag's value in `--help`. */
  readonly argument?: string;
  /** The value is a path: relative to the configuration file's directory, or to the working directory in a flag. */
  readonly filePath?: true;
  /** A number of seconds whose flag is a duration as Kubernetes' flags have it. */
  readonly duration?: true;
  /** A changed value takes effect on a reload. So it does for every file path, because all files are read again. */
  readonly reload?: true;
}

/** Attaches `meta` to the outermost schema of a field, under the names they have in the JSON Schema. */
export function field<S extends z.ZodType>(schema: S, meta: FieldMeta): S {
  const { description, title, flag, shortFlag, argument, filePath, duration, reload } = meta;
  return schema.meta({
    ...(title === undefined ? {} : { title }),
    description,
    ...(flag === undefined ? {} : { 'x-flag': flag }),
    ...(shortFlag === undefined ? {} : { 'x-short-flag': shortFlag }),
    ...(argument === undefined ? {} : { 'x-argument': argument }),
    ...(filePath === undefined ? {} : { 'x-file-path': true }),
    ...(duration === undefined ? {} : { 'x-duration': true }),
    ...(reload === undefined ? {} : { 'x-reload': true }),
  });
}

/** A string that has been given a value. */
export function text(): z.ZodString {
  return z.string().min(1, 'must not be empty');
}

/** Fractions are allowed, so that tests and very small clusters can be quicker than a second. */
export function seconds(minimum: number): z.ZodNumber {
  return z.number().min(minimum).max(86_400);
}

export function port(minimum: 0 | 1): z.ZodInt {
  return z.int().min(minimum).max(65_535);
}

export function ipAddress(): z.ZodString {
  return z.string().refine((value) => isIP(value) !== 0, 'must be an IP address, for example 0.0.0.0 or ::');
}

/** RFC 9110 section 5.6.2. */
export function headerName(): z.ZodString {
  return z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'must be a header name: letters, digits and hyphens');
}

export function dnsName(): z.ZodString {
  return z
    .string()
    .max(253)
    .regex(
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      'must consist of lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit',
    );
}

/** The base URL of a server: scheme https, host and port, nothing else. */
export function serverUrl(): z.ZodString {
  return z
    .string()
    .superRefine((value, context) => {
      const problem = serverUrlProblem(value);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, input: value });
    })
    .meta({ pattern: '^https://' });
}

function serverUrlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'must be a URL like https://10.0.0.1:6443';
  const url = new URL(value);
  if (url.protocol !== 'https:') {
    return `must begin with https://, not ${url.protocol}//: servers are never spoken to without TLS`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not contain credentials: clients bring their own, and the proxy uses its client certificate or kubeconfig';
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return `must end after host and port (${url.origin}): request paths are forwarded unchanged`;
  }
  return undefined;
}

/** A client URL of etcd: scheme, host and port, nothing else. Which hosts may go without TLS is a rule between fields. */
export function etcdUrl(): z.ZodString {
  return z
    .string()
    .refine(isEtcdUrl, 'must be a URL like https://10.0.0.1:2379, without path or credentials')
    .meta({ pattern: '^https?://' });
}

/** An HTTP or HTTPS URL without credentials, query or fragment. */
export function httpUrl(): z.ZodString {
  return z
    .string()
    .refine(isHttpUrl, 'must be a URL like https://collector.example:4318, without credentials or query')
    .meta({ pattern: '^https?://' });
}

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

function isEtcdUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && username + password + search + hash === '' && pathname === '/';
}
