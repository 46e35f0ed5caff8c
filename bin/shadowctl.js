#!/usr/bin/env node
'use strict';
// CommonJS (package.json beside it), as all of the built program: Node would first start its loader of ES modules, which
// takes a third of its own starting time on Node 20.
const { keepCompiledCode, quickAnswer } = require('../dist/start.cjs');

const answer = quickAnswer(process.argv.slice(2), process);
if (answer === undefined) {
  // The SDK's notice about Node 20 is for us, not for our users; it must be silenced before the first client is made.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  keepCompiledCode(process.env);
  const { main } = require('../dist/main.cjs');
  void main(process.argv.slice(2), process).then((code) => {
    process.exitCode = code;
  });
} else {
  // A reader that went away (`shadowctl --help | head -1`) is no error.
  process.stdout.on('error', () => undefined);
  process.stdout.write(answer);
}
