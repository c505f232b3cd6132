#!/usr/bin/env node
// Installed as kubectl_complete-mvproxy, of which kubectl asks what may follow the words of `kubectl mvproxy` (kubectl
// pkg/cmd/plugin/plugin_completion.go).
const [node = '', , ...words] = process.argv;
process.argv = [node, 'kubectl-mvproxy', '__complete', ...words];
await import('./mvproxy.ts');

export {};
