// npm runs this after an install in a checkout and before a pack: it builds, and says nothing unless that fails.
// Without the development dependencies (npm install --omit=dev) there is nothing to build with: fine as well.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** @param {string} name */
function isInstalled(name) {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

if (isInstalled('esbuild') && isInstalled('typescript')) {
  const { build } = await import('./build.mjs');
  if (!(await build())) process.exitCode = 1;
}
