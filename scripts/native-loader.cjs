// Stands in for node-gyp-build inside the bundle: the addon lies at a known place in its package, and looking
// there straight away spares each start Node's reading of package.json and a search through folders. Where that
// finds nothing (an addon compiled on this machine, an unusual layout), the real node-gyp-build searches.
'use strict';

const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

function loadAddon() {
  const libc = process.platform === 'linux' && existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
  const prebuild = `prebuilds/${process.platform}-${process.arch}/@photostructure+sqlite.${libc}.node`;
  for (const folder of require.resolve.paths('@photostructure/sqlite') ?? []) {
    const file = join(folder, '@photostructure/sqlite', prebuild);
    if (!existsSync(file)) continue;
    const addon = { exports: {} };
    // What require() does in the end, without its search: that saves each start 1-2 ms.
    process.dlopen(addon, file);
    return addon.exports;
  }
  const packageDir = dirname(require.resolve('@photostructure/sqlite/package.json'));
  return require(require.resolve('node-gyp-build', { paths: [packageDir] }))(packageDir);
}

module.exports = loadAddon;
