import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitArgv, takeName } from '../../src/cli/argv.js';
import { COMMANDS } from '../../src/cli/command-table.js';
import { findCommand, isGroup } from '../../src/cli/find-command.js';
import { HOT_COMMANDS } from '../../src/cli/hot-commands.js';

describe('splitArgv', () => {
  it('splits at the first "--" and keeps every later one', () => {
    expect(splitArgv(['enqueue', '--', 'git', '--', 'x'])).toEqual({
      words: ['enqueue'],
      after: ['git', '--', 'x'],
    });
  });

  it('tells no "--" from nothing after it', () => {
    expect(splitArgv(['enqueue']).after).toBeNull();
    expect(splitArgv(['enqueue', '--']).after).toEqual([]);
  });

  it('loses and changes no word', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('--'), fc.string())), (argv) => {
        const { words, after } = splitArgv(argv);
        expect([...words, ...(after === null ? [] : ['--', ...after])]).toEqual(argv);
        expect(words).not.toContain('--');
      }),
    );
  });
});

describe('takeName', () => {
  it('finds the command behind flags that every command has, and their values', () => {
    const { name, rest } = takeName(['--json', '--lock-timeout', '5s', 'show', '7', '-q'], (word) =>
      isGroup(COMMANDS, word),
    );
    expect(name).toEqual(['show']);
    expect(rest).toEqual(['--json', '--lock-timeout', '5s', '7', '-q']);
  });

  it('takes the second word of a group, past its flags', () => {
    expect(takeName(['worker', '--json', 'list'], (word) => isGroup(COMMANDS, word))).toEqual({
      name: ['worker', 'list'],
      rest: ['--json'],
    });
    expect(takeName(['worker'], (word) => isGroup(COMMANDS, word))).toEqual({ name: ['worker'], rest: [] });
  });
});

describe('findCommand', () => {
  it('finds every command by its name and by each alias, and no two share one', () => {
    const names = COMMANDS.flatMap((command) => [command.name, ...command.aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const command of COMMANDS) {
      for (const name of [command.name, ...command.aliases])
        expect(findCommand(COMMANDS, name.split(' '))).toBe(command);
    }
  });

  it.each([
    [['enqeue'], 'did you mean "enqueue"?'],
    [['lst'], 'did you mean "list"?'],
    [['worker', 'strat'], 'did you mean "worker start"?'],
    [['purge'], 'did you mean "dlq purge"?'],
    [['xyzzy'], 'queuectl help lists the commands'],
    [['config'], 'queuectl config list|get|set|unset|path'],
  ])('answers %j with a hint', (name, hint) => {
    expect(() => findCommand(COMMANDS, name)).toThrow(expect.objectContaining({ code: 'usage', hint }));
  });
});

it('bin/queuectl.cjs takes the small bundle for each name of its commands, and for no other', () => {
  const bin = readFileSync(new URL('../../bin/queuectl.cjs', import.meta.url), 'utf8');
  const [, words = ''] = /var hot = \[([^\]]*)\]/.exec(bin) ?? [];
  const names = HOT_COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(words.split(', ').map((word) => word.slice(1, -1))).toEqual(names);
});
