/** What the page says whatever was measured. */

export const METHOD = `_Processor time_ is user and system time of whole processes, all threads, from \`/proc/PID/stat\`, divided by the number of right
answers. It is the first figure, because it hardly depends on what else a machine does; time and requests per second do, and are no
capacity here, as clients and servers share two processors with the proxy. _Hop_ is what was put between client and server; with native it
is the preferred server, which forwards. _All_ is hop, both servers and etcd.

- All rivals run side by side in front of the same servers. In each round each gets the same load once, in turn, each round beginning with
  another one; only one is busy at a time. Rows show medians of the rounds, with the extremes in brackets. What a process uses at rest, as
  it looks after its servers or is looked after by idle proxies, was measured before and is subtracted; a table below shows it.
- _c_ connections with _m_ requests in flight on each, sent by h2load (HTTP/2) or wrk (HTTP/1.1), one thread each, as fast as answers come.
  Requests carry the token of a ServiceAccount that may do everything; unlike an administrator’s they are subject to priority and
  fairness. Latency is what h2load logs for each request.
- Proxies on Node get 20,000 requests before anything is measured, others 2,000; what runs on Node needs that to be compiled. For lists
  and writes these are GETs, and 500 of the kind that is measured.
- TLS 1.3 with AES-128-GCM on both sides, which Go’s servers choose, but for wrk, where it is AES-256-GCM.
- mvproxy is a sidecar of the preferred server. nginx: one process, HTTP/2 in front, kept HTTP/1.1 connections over TLS behind, bodies
  buffered in memory (not for watches). haproxy: one thread, HTTP/2 on both sides, \`http-reuse always\`. undici: Node’s HTTP/2 server in
  front of an undici pool over HTTP/1.1, with none of the checks that a proxy has to make.`;

export const WATCHES = `Watches of ConfigMaps in one namespace, a hundred on each connection, through a proxy that was started for them and had been warmed up.
_Memory_ is the growth of its resident memory for each watch, _whole process_ all of it, with code and what was used before. _Last delivery_: from the write of an object until the last watch has its
event, the median of the events after the first, with the client’s own time. _Opening_ and _delivery_ are processor time of the proxy,
and of the server where there is no proxy.

nginx and undici take no part over HTTP/2, because they need a connection to the server for each watch, and nginx holds the head of an
answer back until its body begins.`;

export const PROFILES = `\`node --cpu-prof\` writes a profile of JavaScript when the program ends by itself; \`SIGTERM\` makes it:

\`\`\`sh
node --cpu-prof --cpu-prof-name=serve.cpuprofile dist/bin/mvproxy.js serve --shutdown-delay-duration=0s …
kill -TERM PID  # after a while under load
node bench/performance/profile.ts serve.cpuprofile 3  # the ten dearest functions, but for the first 3 seconds
\`\`\`

The browser’s developer tools open the same file as a flame chart. Time in system calls and TLS counts for the function that called them
(\`writev\`), or for “native code outside of JavaScript” when the event loop did. What the kernel and OpenSSL do shows with perf, which
also knows the compiled functions when Node writes a map of them:

\`\`\`sh
node --perf-basic-prof dist/bin/mvproxy.js serve …
perf record -F 499 -g -p PID -- sleep 20 && perf report --no-children
\`\`\``;
