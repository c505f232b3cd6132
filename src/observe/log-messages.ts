/** One entry of the log; a test holds every call of a logger against these. */
export interface LogMessage {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `*` stands for a part that is made when it is written. */
  readonly message: string;
  /** Names of its fields, of `LOG_FIELDS`; all but the first may be missing where there is nothing to say. */
  readonly fields: readonly string[];
  /** What it means, and what to do where something is to be done that the message does not say. */
  readonly meaning: string;
}

/** What fields say, in whatever entry they are; those of `request` are the fields of `/decisions`. */
export const LOG_FIELDS: Readonly<Record<string, string>> = {
  address: 'where other API servers find this proxy',
  admin: 'address of the admin listener; absent without one',
  cause: 'why it is so',
  code: 'exit code of the process; null when a signal ended it',
  condition: "why the server gets no requests; '' when it does",
  count: 'how many',
  delaySeconds: 'how long it goes on serving while /readyz fails',
  drainSeconds: 'how long open requests may take to finish',
  error: 'what went wrong: message, code and cause, and the stack with --v=4',
  failure: 'why it cannot be read',
  fields: 'names of fields of the configuration',
  http2Engine: 'which implementation of HTTP/2 is used',
  identity: 'name of the identity Lease',
  joined: 'servers that came, with their addresses',
  left: 'servers that went, with their addresses',
  path: 'path of the document, or of the page',
  pauseMs: 'milliseconds until the next one is started',
  pid: 'process',
  reason: 'why it is so',
  refused: 'addresses, who proposed them, and why they are not used',
  replaces: 'process of the worker before',
  resources: 'what is not watched',
  server: 'name of the server',
  servers: 'how many servers there are, or the source names',
  serving: 'address for clients',
  signal: 'signal that was received, or that ended the process',
  source: 'which source of membership',
  status: 'HTTP status of the answer',
  was: 'state before',
  watchTerminationSeconds: 'window in which watches are ended',
  worker: 'number of the worker, from 0',
};

const RELOAD_FAILED = 'A bad file is in place. The proxy goes on with what it had; a restart would fail.';
const READ_AGAIN = 'It is over.';

/** Every entry the program can write, by what it is about. */
export const LOG_MESSAGES: Readonly<Record<string, readonly LogMessage[]>> = {
  'Start, reload and end': [
    {
      level: 'info',
      message: 'listening',
      fields: ['serving', 'admin', 'http2Engine'],
      meaning: 'Connections are accepted. Requests are answered 503 until a server is ready.',
    },
    {
      level: 'warn',
      message:
        "peer traffic cannot be authenticated without *: every client sees its preferred server's own view, requests are not moved to servers that serve them, and discovery is not merged",
      fields: [],
      meaning: 'The proxy prevents no false 404. Configure what is named; `mvproxy preflight` checks it.',
    },
    {
      level: 'warn',
      message: 'In *, or connections that rely on it fail.',
      fields: [],
      meaning: 'A certificate has expired, or is not valid yet. Renew it, or set the clock right.',
    },
    { level: 'info', message: 'reloaded', fields: ['signal'], meaning: 'All files were read again.' },
    { level: 'info', message: 'certificate files were reloaded', fields: [], meaning: 'Changed files are in use.' },
    {
      level: 'info',
      message: 'the list of servers was reloaded',
      fields: [],
      meaning: 'The configuration named other servers, and they are in use.',
    },
    {
      level: 'error',
      message: 'changed files cannot be used; the old ones stay in use, correct them',
      fields: ['error'],
      meaning: RELOAD_FAILED,
    },
    {
      level: 'error',
      message: 'could not reload; everything stays as it was, correct the files and send SIGHUP again',
      fields: ['error'],
      meaning: RELOAD_FAILED,
    },
    {
      level: 'warn',
      message: 'configuration and certificate files cannot be watched; send SIGHUP after changing them',
      fields: ['error'],
      meaning: 'The system gives no more watches (fs.inotify.max_user_watches), or a directory is gone.',
    },
    {
      level: 'warn',
      message: 'the configuration file changed in fields that need a restart; they keep their values until then',
      fields: ['fields'],
      meaning: 'Restart when it suits.',
    },
    {
      level: 'info',
      message: 'stopping; a second signal ends at once',
      fields: ['signal', 'delaySeconds', 'drainSeconds', 'watchTerminationSeconds'],
      meaning: 'The drain begins.',
    },
    {
      level: 'warn',
      message: 'ending at once on a second signal; requests in progress are cut off',
      fields: ['signal'],
      meaning: 'Clients see broken connections.',
    },
    { level: 'info', message: 'stopped', fields: [], meaning: 'The drain is over.' },
  ],
  'States of servers': [
    {
      level: 'info',
      message: 'server is *',
      fields: ['server', 'was', 'condition'],
      meaning: 'It went to another state; health.md says what each means. The timeline has the same.',
    },
    {
      level: 'warn',
      message: 'discovery cannot be read; what was read last is kept',
      fields: ['server', 'reason', 'failure'],
      meaning: 'Its new types are not seen. `reason` is as in the metric of fetch errors.',
    },
    { level: 'info', message: 'discovery can be read again', fields: ['server'], meaning: READ_AGAIN },
    {
      level: 'error',
      message: 'a page of the admin listener could not be made',
      fields: ['path', 'error'],
      meaning:
        'Its reader was answered 500. Requests of clients do not go there. This is a fault of the proxy: report it.',
    },
    {
      level: 'error',
      message: 'the merged view cannot be prepared; the last one stays',
      fields: ['error'],
      meaning: 'A defect: clients see no new types. Please report it with the error.',
    },
    {
      level: 'warn',
      message: 'the OpenAPI index cannot be read; the last good one is kept',
      fields: ['server', 'reason'],
      meaning: '`kubectl explain` and Helm may not know new types of this server.',
    },
    { level: 'info', message: 'the OpenAPI index can be read again', fields: ['server'], meaning: READ_AGAIN },
    {
      level: 'warn',
      message: '/openapi/v2 cannot be merged',
      fields: ['error'],
      meaning: 'Clients get that of one server.',
    },
    {
      level: 'warn',
      message: '/openapi/v2 of a server cannot be read; the last good one is kept',
      fields: ['server', 'reason'],
      meaning: 'Old clients may not know new types of this server.',
    },
    {
      level: 'warn',
      message: 'an OpenAPI document cannot be merged',
      fields: ['path', 'error'],
      meaning: 'Clients get that of the newest server.',
    },
    {
      level: 'warn',
      message: 'a server’s part of an OpenAPI document cannot be read',
      fields: ['server', 'path', 'reason'],
      meaning: 'The document lacks what only this server has.',
    },
    {
      level: 'warn',
      message:
        'the server does not let us watch changes, so that they are noticed only when discovery is read the next time; apply deploy/rbac.yaml, which grants what is needed',
      fields: ['server', 'resources', 'reason'],
      meaning: 'A new CustomResourceDefinition is seen up to two seconds later.',
    },
    {
      level: 'info',
      message: 'the server lets us watch what it refused before',
      fields: ['server'],
      meaning: READ_AGAIN,
    },
    {
      level: 'warn',
      message:
        'declarations of types cannot be read, so that a type may be answered 404 in the moment between its creation and its first server; let the proxy get customresourcedefinitions and apiservices',
      fields: ['status'],
      meaning: 'Apply deploy/rbac.yaml.',
    },
  ],
  Membership: [
    {
      level: 'info',
      message: 'the servers of the control plane changed',
      fields: ['servers', 'joined', 'left'],
      meaning: 'Those are watched from now on.',
    },
    {
      level: 'warn',
      message:
        'addresses that a source of membership proposes are not used; put servers that are meant into the list of servers or name their network in membership.allowedCIDRs',
      fields: ['refused', 'count'],
      meaning: 'Nothing is dialled that nobody allowed.',
    },
    {
      level: 'warn',
      message: 'a source of membership cannot be read; the servers of its last answer stay in use',
      fields: ['source', 'servers', 'reason'],
      meaning: 'New servers are not found, and those that left are not noticed.',
    },
    {
      level: 'warn',
      message: 'a source of membership names no servers',
      fields: ['source', 'servers'],
      meaning: 'It answered, with nobody in it: look at what it should contain.',
    },
    {
      level: 'info',
      message: 'a source of membership names servers now',
      fields: ['source', 'servers'],
      meaning: READ_AGAIN,
    },
    {
      level: 'info',
      message: 'a source of membership can be read again',
      fields: ['source', 'servers'],
      meaning: READ_AGAIN,
    },
  ],
  Publishing: [
    {
      level: 'info',
      message: 'API servers with their own mixed version proxy can find this proxy',
      fields: ['identity', 'address', 'cause'],
      meaning: 'They may send requests here.',
    },
    {
      level: 'warn',
      message: 'API servers with their own mixed version proxy find this proxy, but late: they could not be told',
      fields: ['identity', 'address', 'cause'],
      meaning: 'They read it at their next restart, or within half an hour.',
    },
    {
      level: 'info',
      message: 'the address for API servers with their own mixed version proxy is withdrawn until a server is ready',
      fields: ['identity', 'address', 'cause'],
      meaning: 'Nobody could be served.',
    },
    {
      level: 'error',
      message:
        'API servers with their own mixed version proxy cannot find this proxy; requests they would send here fail there',
      fields: ['identity', 'address', 'cause'],
      meaning: 'Look at `cause`: mostly it is etcd, or the right to write Leases.',
    },
  ],
  Workers: [
    { level: 'info', message: 'a worker was started', fields: ['worker', 'pid'], meaning: 'It reads the servers now.' },
    {
      level: 'error',
      message: 'a worker ended unexpectedly, its connections are lost; another one is started',
      fields: ['worker', 'pid', 'code', 'signal', 'error', 'pauseMs'],
      meaning: 'What it wrote before says why. SIGKILL is mostly the kernel, for lack of memory.',
    },
    {
      level: 'error',
      message:
        'this worker cannot start; correct what the reason says, and send SIGUSR2 again if it was to replace another',
      fields: ['worker', 'reason'],
      meaning: 'The workers that run go on.',
    },
    {
      level: 'info',
      message: 'a new worker took over',
      fields: ['worker', 'pid', 'replaces'],
      meaning: 'The one before drains.',
    },
    {
      level: 'error',
      message: 'a new worker could not take over and was given up; the workers that are not replaced yet stay',
      fields: ['worker', 'pid', 'reason', 'error'],
      meaning: 'The new program or configuration does not work.',
    },
    { level: 'info', message: 'all workers were replaced', fields: [], meaning: 'The roll is over.' },
    {
      level: 'warn',
      message: 'the workers are still starting, from the program as it is now; none is replaced',
      fields: [],
      meaning: 'Nothing has to be done.',
    },
    {
      level: 'warn',
      message: 'the workers are being replaced already; ask again when the log says that they were',
      fields: [],
      meaning: 'The signal came twice.',
    },
    {
      level: 'warn',
      message:
        'SIGUSR2 replaces workers, and there are none; start the proxy with --workers 1 or more to replace it without refusing connections',
      fields: [],
      meaning: 'Nothing was changed.',
    },
    {
      level: 'error',
      message: 'the supervisor is gone; this worker finishes what is open and ends',
      fields: [],
      meaning: 'Somebody killed the supervisor; restart the service.',
    },
  ],
  Requests: [
    {
      level: 'error',
      message: 'a request failed for a defect of the proxy; please report it',
      fields: ['error'],
      meaning: 'The client got 500. Nobody else is harmed.',
    },
    {
      level: 'warn',
      message:
        'lines of requests were left out, because whoever reads the log is too slow; write the log to a file, or set logging.accessLog to notable',
      fields: ['count'],
      meaning: 'Requests were served, and counted in metrics.',
    },
  ],
  Tracing: [
    {
      level: 'warn',
      message:
        'spans do not reach the collector and are lost, which harms no request; check tracing.otlpEndpoint, its CA and its headers',
      fields: ['error'],
      meaning: 'Traces have holes where this proxy is.',
    },
    { level: 'info', message: 'spans reach the collector again', fields: [], meaning: READ_AGAIN },
  ],
};
