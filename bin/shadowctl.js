#!/usr/bin/env node
// The SDK's notice about Node 20 is for us, not for our users; it must be silenced before the first client is made.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { main } = await import('../dist/main.js');
process.exitCode = await main(process.argv.slice(2), process);
