#!/usr/bin/env node
// Starts dist/cli.cjs, or dist/hot.cjs, which may ask for dist/postgres.cjs. Every command pays for this file, so it
// loads nothing that Node has not loaded already, and it hands V8 the compiled code that the build stored beside it: that saves parsing
// and compiling the bundle at each start. V8 refuses a cache made by another Node version and compiles the
// source as usual. The syntax is kept old, so that an old Node gets as far as the message about its version.
'use strict';

var fs = require('fs');
var path = require('path');

/** @param {string} message @param {string} hint */
function fail(message, hint) {
  fs.writeSync(2, 'error: ' + message + '\nhint: ' + hint + '\n');
  process.exit(125);
}

var version = process.versions.node.split('.').map(Number);
if (Number(version[0]) < 20 || (version[0] === 20 && Number(version[1]) < 19)) {
  fail('queuectl needs Node 20.19 or newer, this is ' + process.version, 'https://nodejs.org/en/download');
}

var dist = path.join(__dirname, '..', 'dist');
// The commands of src/cli/hot-commands.ts, by all their names.
var hot = ['enqueue', 'add', 'list', 'ls', 'ps', 'show', 'inspect', 'status'];
var Script = require('vm').Script;

/**
 * What `require` would do, with the compiled code from beside the file.
 *
 * @param {string} name
 */
function load(name) {
  var file = path.join(dist, name + '.cjs');
  var loaded = { exports: {} };
  var source = '';
  var cachedData;
  try {
    source = fs.readFileSync(file, 'latin1'); // the build writes plain ASCII
  } catch (error) {
    fail('queuectl is not built', 'npm install');
  }
  try {
    cachedData = fs.readFileSync(path.join(dist, name + '.cache'));
  } catch (error) {
    // Without the cache the start is a few milliseconds slower and nothing else.
  }
  var wrapper = '(function (exports, require, module, __filename, __dirname) { ' + source + '\n})';
  var script = new Script(wrapper, { filename: file, cachedData: cachedData });
  script.runInThisContext()(loaded.exports, requireOurs, loaded, file, dist);
  return loaded.exports;
}

/** @param {string} id */
function requireOurs(id) {
  return id === '../dist/postgres.cjs' ? load('postgres') : require(id);
}
requireOurs.resolve = require.resolve;

load(hot.indexOf(String(process.argv[2])) === -1 ? 'cli' : 'hot');
