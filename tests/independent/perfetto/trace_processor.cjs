// Perfetto's trace processor, as WebAssembly made for a browser's worker, under Node.js:
//
//     node trace_processor.cjs DIRECTORY REQUESTS REPLIES
//
// DIRECTORY holds engine_bundle.js and the .wasm files; REQUESTS is a
// TraceProcessorRpcStream, and all replies are written to REPLIES one after the other.

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [directory, requests, replies] = process.argv.slice(2);

class ReadsFiles {
  open(_method, name) {
    this.name = name;
  }

  send() {
    this.response = fs.readFileSync(path.join(directory, this.name));
  }
}

// What the bundle expects of a worker; without `process` it does not take itself to
// be in Node.js, which it was not built for.
const worker = vm.createContext({
  WorkerGlobalScope: Object,
  XMLHttpRequest: ReadsFiles,
  TextDecoder,
  URL,
  console: { log() {}, warn: console.error, error: console.error },
  crypto,
  performance,
  setTimeout,
});
worker.self = worker;
worker.location = { href: "" };
vm.runInContext(
  fs.readFileSync(path.join(directory, "engine_bundle.js"), "utf8"),
  worker,
);

const received = [];
const port = { postMessage: (bytes) => received.push(Buffer.from(bytes)) };
setTimeout(() => {
  worker.onmessage({ data: port });
  worker.request = fs.readFileSync(requests);
  // The bundle wants an array of its own world.
  const data = vm.runInContext("new Uint8Array(request)", worker);
  port.onmessage({ data });
  fs.writeFileSync(replies, Buffer.concat(received));
}, 0);
