/** The architecture as rules; docs/architecture.md has the picture. */
const rooms = (...names) => `^src/(${names.join('|')})/`;
const builtin = { dependencyTypes: ['core'] };

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two files are one concept, or that a rule stands in the wrong place.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'request-path-knows-no-control-path',
      comment: 'A request reads one immutable snapshot. How it came to be must not be able to slow or fail a request.',
      severity: 'error',
      from: { path: rooms('kubernetes', 'discovery', 'openapi', 'routing', 'identity', 'wire', 'proxy') },
      to: {
        path: rooms(
          'servers',
          'membership',
          'skew',
          'surfacing',
          'preflight',
          'daemon',
          'library',
          'config',
          'cli',
          'admin',
          'workers',
          'publishing',
        ),
      },
    },
    {
      name: 'request-path-has-no-dependencies',
      comment: 'Nothing but Node and our own code runs for every request.',
      severity: 'error',
      from: {
        path: [rooms('kubernetes', 'discovery', 'openapi', 'routing', 'identity', 'wire', 'proxy'), '^src/errors'],
        pathNot: ['[.]test[.]ts$', '/testing/'],
      },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'membership-only-proposes',
      comment:
        'Where servers come from knows neither requests nor the program: what it says is specifications of servers.',
      severity: 'error',
      from: { path: rooms('membership'), pathNot: '[.]test[.]ts$' },
      to: {
        path: '^src/',
        pathNot: [rooms('membership', 'wire', 'observe'), '^src/servers/(repeater|server-id|server-spec)[.]ts$'],
      },
    },
    {
      name: 'library-is-no-program',
      comment: 'A host takes in what a request needs; commands and listeners of ours are no part of it.',
      severity: 'error',
      from: { path: rooms('library'), pathNot: '[.]test[.]ts$' },
      to: {
        path: [rooms('cli', 'lab'), '^src/daemon/(daemon|file-watch|material)[.]ts$', '^src/observe/metrics(/|[.]ts$)'],
      },
    },
    {
      name: 'core-is-pure',
      comment: 'Parse, merge and route run in a browser. Only the preparation of bytes to serve needs Node.',
      severity: 'error',
      from: {
        path: [rooms('kubernetes', 'discovery', 'openapi', 'routing'), '^src/(errors|index)[.]ts$'],
        pathNot: ['[.]test[.]ts$', '/testing/', '^src/discovery/published-discovery[.]ts$'],
      },
      to: builtin,
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      from: { path: rooms('kubernetes', 'discovery', 'openapi', 'routing') },
      to: { path: '^src/', pathNot: [rooms('kubernetes', 'discovery', 'openapi', 'routing'), '^src/errors[.]ts$'] },
    },
    {
      name: 'skew-is-pure',
      comment: 'Whoever has documents can compare them: a running proxy, a command without one, a page in a browser.',
      severity: 'error',
      from: { path: rooms('skew'), pathNot: ['[.]test[.]ts$', '/testing/'] },
      to: { path: '^src/', pathNot: rooms('skew', 'kubernetes', 'discovery') },
    },
    {
      name: 'skew-needs-no-node',
      comment: 'But for the hash in which servers name storage versions.',
      severity: 'error',
      from: { path: rooms('skew'), pathNot: ['[.]test[.]ts$', '/testing/', '^src/skew/storage-version[.]ts$'] },
      to: builtin,
    },
    {
      name: 'console-runs-in-browsers',
      comment:
        'Its files are served as they are: what they import must be there, too, and nothing of it may need Node.',
      severity: 'error',
      from: { path: rooms('console'), pathNot: ['[.]test[.]ts$', '/testing/'] },
      to: { path: '.', pathNot: [rooms('console'), '^node_modules/preact/'] },
    },
    {
      name: 'console-model-draws-nothing',
      comment: 'What the console knows and concludes is pure, so that Node tests it.',
      severity: 'error',
      from: { path: '^src/console/model/', pathNot: '[.]test[.]ts$' },
      to: { path: ['^src/console/(browser|views)/', '^node_modules/'] },
    },
    {
      name: 'nothing-imports-the-console',
      comment: 'It is files that the admin listener reads; the program runs none of it.',
      severity: 'error',
      from: { path: '^(src|bin|tools|bench)/', pathNot: '^src/console/' },
      to: { path: rooms('console') },
    },
    {
      name: 'wire-stands-alone',
      comment: 'The wire knows bytes, not Kubernetes; it can be replaced as a whole.',
      severity: 'error',
      from: { path: rooms('wire'), pathNot: '[.]test[.]ts$' },
      to: { path: '^src/', pathNot: rooms('wire') },
    },
    {
      name: 'only-wire-has-sockets',
      comment: 'Everything else sees exchanges, so that the HTTP library can be replaced.',
      severity: 'error',
      // `isIP` of node:net opens nothing.
      from: {
        path: '^(src|bin)/',
        pathNot: [rooms('wire'), '[.]test[.]ts$', '^src/(config/field|lab/pki/certificate-authority)[.]ts$'],
      },
      to: { ...builtin, path: '^(node:)?(http|http2|https|tls|net|dgram)$' },
    },
    {
      name: 'http2-stands-alone',
      comment:
        'Our HTTP/2 is usable, and can be reviewed, without the proxy: it knows the exchange interface and rules of fields and codes.',
      severity: 'error',
      from: { path: '^src/wire/http2/', pathNot: '[.]test[.]ts$' },
      to: { path: '^src/', pathNot: '^src/wire/(http2/|(exchange|fields|raw-fields|read-buffer|reset-code)[.]ts$)' },
    },
    {
      name: 'http2-engines-are-exchangeable',
      comment: 'Whatever speaks HTTP/2 goes through the one interface of all engines, so that operators can choose.',
      severity: 'error',
      from: { path: '^(src|bin|tools|test|bench)/', pathNot: '^src/wire/(engines[.]ts$|(node|own)-http2/)' },
      to: { path: '^src/wire/(node|own)-http2/' },
    },
    {
      name: 'http2-engines-share-nothing',
      comment: 'A fault in one must not be able to be in the other.',
      severity: 'error',
      from: { path: '^src/wire/(node|own)-http2/' },
      to: { path: '^src/wire/(node|own)-http2/', pathNot: '^src/wire/$1-http2/' },
    },
    {
      name: 'node-http2-has-its-place',
      comment: "Node's HTTP/2 is one engine; beside it only gRPC, which carries no requests, stays on it.",
      severity: 'error',
      from: { path: '^src/wire/', pathNot: ['^src/wire/(node-http2/|grpc[.]ts$)', '[.]test[.]ts$'] },
      to: { ...builtin, path: '^(node:)?http2$' },
    },
    {
      name: 'identity-knows-only-terms',
      severity: 'error',
      from: { path: rooms('identity'), pathNot: '[.]test[.]ts$' },
      to: { path: '^src/', pathNot: [rooms('identity', 'kubernetes', 'wire'), '^src/errors[.]ts$'] },
    },
    {
      name: 'opentelemetry-has-its-place',
      comment:
        'One file knows the libraries, and it is loaded when there is a span to export: who traces nothing loads nothing.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/observe/tracing/otlp-exporter[.]ts$', '[.]test[.]ts$'] },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'opentelemetry-is-loaded-late',
      severity: 'error',
      from: { path: '^src/', pathNot: '[.]test[.]ts$' },
      to: { path: '^src/observe/tracing/otlp-exporter[.]ts$', dynamic: false },
    },
    {
      name: 'supervisor-serves-nothing',
      comment:
        'The process that holds the port has nothing in it that requests could break; only workers are the proxy.',
      severity: 'error',
      from: { path: rooms('workers'), pathNot: ['[.]test[.]ts$', '^src/workers/worker-run[.]ts$'] },
      to: {
        path: '^src/',
        pathNot: [
          rooms('workers'),
          '^src/wire/(acceptor|endpoint|listening-sockets)[.]ts$',
          '^src/observe/logger[.]ts$',
        ],
      },
    },
    {
      name: 'publishing-stands-apart',
      comment: 'It is told what is served and when, so that nothing else depends on etcd being there.',
      severity: 'error',
      from: { path: rooms('publishing'), pathNot: '[.]test[.]ts$' },
      to: { path: '^src/', pathNot: [rooms('publishing', 'discovery', 'observe', 'wire')] },
    },
    {
      name: 'preflight-knows-no-program',
      comment: 'A running proxy and the command line both prove links with it, each with files and servers of its own.',
      severity: 'error',
      from: { path: rooms('preflight'), pathNot: '[.]test[.]ts$' },
      to: {
        path: '^src/',
        pathNot: rooms('preflight', 'kubernetes', 'discovery', 'servers', 'wire'),
      },
    },
    {
      name: 'nothing-needs-the-lab',
      comment: 'The lab stands on the product, and only the command line knows it: a daemon carries none of it.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(lab|cli)/'] },
      to: { path: '^src/lab/' },
    },
    {
      name: 'tests-stay-out-of-the-product',
      severity: 'error',
      from: { path: '^(src|bin)/', pathNot: '[.]test[.]ts$' },
      to: { path: ['^test/', '^tools/', '[.]test[.]ts$'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
