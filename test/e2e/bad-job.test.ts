/** Jobs that are refused: what is said about them. None of them is stored. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import { expectRefusals } from './refusals.js';

const json = (...args: string[]): string[] => ['enqueue', ...args];
const OVER_128_KIB = 'x'.repeat(128 * 1024);

const REFUSALS = {
  'invalid JSON': [
    {
      args: json('{"command":"x",}'),
      message: 'invalid JSON at line 1, column 16: expected a name in double quotes',
    },
    {
      args: json('{"command":"x"'),
      message: 'invalid JSON at line 1, column 15: expected "," or "}", but it ends',
    },
    { args: json(`{'command':'x'}`), message: 'invalid JSON at line 1, column 2: ' },
    { args: json('{\n "command": x\n}'), message: 'invalid JSON at line 2, column 13: expected a value' },
  ],
  'no command': [
    { args: json(), message: 'there is nothing to enqueue', hint: 'queuectl enqueue -- sleep 2' },
    { args: json('{}'), message: 'job has no "command"', hint: 'queuectl enqueue -- sleep 2' },
    { args: json('{"command":null}'), message: 'job has no "command"' },
    { args: json('{"command":"  "}'), message: '"command" is empty' },
    { args: json('{"command":[]}'), message: '"command" is empty' },
    { args: ['enqueue', '--'], message: 'no command after "--"' },
    { args: json('[1]'), message: 'a job must be a JSON object, not [1]' },
    {
      args: ['enqueue', 'sleep', '2'],
      message: 'enqueue takes one JSON object',
      hint: 'queuectl enqueue -- sleep 2',
    },
    { args: json('{"command":', '"x"}'), message: 'the JSON object was given in several words' },
  ],
  'unknown fields': [
    { args: json('{"comand":"x"}'), message: 'unknown field "comand"', hint: 'did you mean "command"?' },
    {
      args: json('{"command":"x","maxRetries":2}'),
      message: 'unknown field "maxRetries"',
      hint: 'did you mean "max_retries"?',
    },
    { args: json('{"command":"x","colour":"red"}'), message: 'unknown field "colour"' },
    { args: json('{"command":"x","__proto__":{}}'), message: 'unknown field "__proto__"' },
  ],
  'wrong types': [
    { args: json('{"command":5}'), message: '"command" must be a string or a list of strings, not 5' },
    { args: json('{"command":["a",5]}'), message: '"command"[1] must be a string' },
    {
      args: json('{"command":"x","max_retries":"3"}'),
      message: '"max_retries" must be a whole number from 0 to 10000, not "3"',
    },
    { args: json('{"command":"x","priority":true}'), message: '"priority" must be a whole number' },
    { args: json('{"command":"x","env":["A=B"]}'), message: '"env" must be an object of strings' },
    { args: json('{"command":"x","env":{"A":1}}'), message: '"env"."A" must be a string' },
    { args: json('{"command":"x","cwd":"here"}'), message: '"cwd" must be an absolute path, not "here"' },
    { args: json('{"command":"x","id":7}'), message: '"id" must be' },
  ],
  'negative and absurd numbers': [
    {
      args: json('{"command":"x","max_retries":-1}'),
      message: '"max_retries" must be a whole number from 0 to 10000, not -1',
    },
    { args: json('{"command":"x","max_retries":1e99}'), message: '"max_retries" must be a whole number' },
    {
      args: json('{"command":"x","backoff_base":0.5}'),
      message: '"backoff_base" must be a number from 1 to 100, not 0.5',
    },
    { args: json('{"command":"x","priority":1.5}'), message: '"priority" must be a whole number' },
    { args: json('{"command":"x","jitter":2}'), message: '"jitter" must be a number from 0 to 1, not 2' },
    { args: json('{"command":"x","timeout":0}'), message: '"timeout" must be from 1ms to 365d, not 0' },
    { args: json('{"command":"x","timeout":"-5s"}'), message: '"timeout" must be a duration, not "-5s"' },
    { args: json('{"command":"x","delay":"1 fortnight"}'), message: '"delay" must be a duration' },
    { args: json('{"command":"x","run_at":1700000000}'), message: '"run_at" is out of range' },
    { args: json('{"command":"x","run_at":"2026-02-30"}'), message: '"run_at" must be a time' },
    { args: ['enqueue', '--max-retries', '-1', '--', 'x'], message: '--max-retries must be a whole number' },
    { args: ['enqueue', '--delay', '5x', '--', 'x'], message: '--delay must be a duration, not "5x"' },
    { args: ['enqueue', '--at', 'tomorrow', '--', 'x'], message: '--at must be a time, not "tomorrow"' },
  ],
  ids: [
    { args: json('{"command":"x","id":"42"}'), message: '"id" may not look like a number or a range: "42"' },
    {
      args: json('{"command":"x","id":"3-9"}'),
      message: '"id" may not look like a number or a range: "3-9"',
    },
    { args: json('{"command":"x","id":"last"}'), message: '"id" may not be the word "last"' },
    { args: json('{"command":"x","id":"-x"}'), message: '"id" must be 1 to 128 of the characters' },
    { args: json('{"command":"x","id":"a b"}'), message: '"id" must be 1 to 128 of the characters' },
    {
      args: ['enqueue', '--id', 'a'.repeat(129), '--', 'x'],
      message: '--id must be 1 to 128 of the characters',
    },
    { args: ['enqueue', '--id', 'stored', '--', 'x'], code: 4, message: 'job "stored" exists already' },
  ],
  'what a process cannot be given': [
    { args: json('{"command":"a\\u0000b"}'), message: '"command" contains a NUL byte' },
    { args: json('{"command":["a","b\\u0000"]}'), message: '"command"[1] contains a NUL byte' },
    { args: json('{"command":"x","env":{"A":"\\u0000"}}'), message: '"env"."A" contains a NUL byte' },
    { args: json('{"command":"\\ud800"}'), message: '"command" is not valid Unicode' },
    {
      args: ['enqueue', '-'],
      input: `{"command":"${OVER_128_KIB}"}\n`,
      message: 'line 1: "command" is longer than 128 KiB',
    },
  ],
  contradictions: [
    {
      args: json('{"command":"x"}', '--', 'y'),
      message: 'enqueue takes JSON, or a command after "--", not both',
    },
    {
      args: json('{"command":"x","run_at":"2199-01-01","delay":"5m"}'),
      message: '"run_at" and "delay" exclude each other',
    },
    { args: json('{"command":"x"}', '--priority', '5'), message: '--priority needs a command after "--"' },
    {
      args: json('{"command":"x"}', '--on-conflict', 'ingore'),
      message: 'unknown value of --on-conflict "ingore"',
      hint: 'did you mean "ignore"?',
    },
    { args: ['enqueue', '-e', 'NAME', '--', 'x'], message: '--env must be NAME=VALUE, not "NAME"' },
  ],
};

test.each(Object.entries(REFUSALS))('%s', async (_what, refusals) => {
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'stored', '--delay', '1h', '--', 'true');
  await expectRefusals(cli, refusals);
  expect(await cli.ok('list', '-q', '--state', 'all')).toBe('stored\n');
});
