import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/cli/exit-code.js';
import { TOPICS } from '../../src/cli/help/topics.js';
import { exitCodeOf } from '../../src/cli/signals.js';
import { STATES } from '../../src/job/state.js';

it('the help names every exit code', () => {
  const text = TOPICS['exit-codes']?.() ?? '';
  for (const code of Object.values(EXIT_CODES)) expect(text).toMatch(new RegExp(`^  ${code} `, 'm'));
});

it('the exit codes are those that scripts rely on', () => {
  expect(EXIT_CODES).toEqual({
    failed: 1,
    internal: 1,
    usage: 2,
    not_found: 3,
    conflict: 4,
    unavailable: 5,
    store_lost: 5,
    not_permitted: 6,
    partial: 7,
    timed_out: 124,
  });
});

it('a signal is 128 and its number', () => {
  expect(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'].map(exitCodeOf)).toEqual([130, 143, 129, 137]);
});

it('the help explains every state', () => {
  for (const state of STATES) expect(TOPICS['states']?.()).toContain(`  ${state} `);
});
