import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';
import { findCommand } from '../../src/cli/find-command.js';
import { helpText, parseWords } from '../../src/cli/parse.js';
import type { Parsed } from '../../src/cli/parse.js';

async function parse(name: string, words: readonly string[]): Promise<Parsed> {
  const entry = findCommand(COMMANDS, name.split(' '));
  return parseWords(entry, await entry.load(), words);
}

describe('the flags of every command', () => {
  it.each(COMMANDS.map((command) => command.name))(
    '%s has the common flags, and help that begins with examples',
    async (name) => {
      const entry = findCommand(COMMANDS, name.split(' '));
      const text = helpText(entry, await entry.load());
      expect(text.startsWith(`Examples:\n  queuectl ${name.split(' ')[0]}`)).toBe(true);
      for (const flag of ['--json', '--fields', '--quiet', '--no-color', '--debug', '--lock-timeout'])
        expect(text).toContain(flag);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
    },
  );

  it('may be written in each usual way', async () => {
    const { flags } = await parse('list', ['--limit=5', '-qg', 'mail', '--no-color', '--json']);
    expect([flags.text('limit'), flags.text('queue')]).toEqual(['5', 'mail']);
    expect(['quiet', 'no-color', 'json', 'debug'].filter((name) => flags.has(name))).toEqual([
      'quiet',
      'no-color',
      'json',
    ]);
  });

  it('the last of several values wins', async () => {
    expect((await parse('list', ['--limit', '5', '--limit', '7'])).flags.text('limit')).toBe('7');
  });

  it('a negative number is a value', async () => {
    expect((await parse('enqueue', ['--priority', '-5'])).flags.text('priority')).toBe('-5');
    expect((await parse('config set', ['jitter', '-1'])).args).toEqual(['jitter', '-1']);
  });

  it.each([
    ['list', ['--sate', 'dead'], "unknown option '--sate'", 'did you mean "--state"?'],
    ['list', ['--state'], "option '--state <S[,S]>' argument missing", 'queuectl help list'],
    ['show', [], "missing required argument 'id'", 'queuectl help show'],
    ['status', ['x'], 'too many arguments. Expected 0 arguments but got 1.', 'queuectl help status'],
  ])('%s %j is refused with a hint', async (name, words, message, hint) => {
    await expect(parse(name, words)).rejects.toMatchObject({ code: 'usage', message, hint });
  });
});
