import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';
import { findCommand } from '../../src/cli/find-command.js';
import { commandOfWords, flagName, jobFlags, jobFromFlags } from '../../src/cli/job-flags.js';
import { parseWords } from '../../src/cli/parse.js';
import type { JobInput } from '../../src/job/input.js';
import { JOB_OPTIONS } from '../../src/job/options.js';
import type { JobOption } from '../../src/job/options.js';
import { parseJobInput } from '../../src/job/parse-job.js';

async function jobOf(words: readonly string[]): Promise<JobInput> {
  const entry = findCommand(COMMANDS, ['enqueue']);
  return jobFromFlags('true', parseWords(entry, await entry.load(), words).flags);
}

/** A text that is good for each kind of value. */
const EXAMPLES: Readonly<Record<JobOption['value']['kind'], string>> = {
  database: 'postgres://host/database',
  id: 'job-a',
  name: 'mail',
  tags: 'nightly',
  switch: '',
  integer: '8',
  number: '1',
  duration: '90s',
  instant: '2026-12-24T18:00:00Z',
  path: '/tmp',
  command: 'true',
  environment: 'A=1',
  size: '512M',
  choice: 'leave',
  text: 'a line\n',
  json: '{}',
  octal: '027',
  user: 'nobody',
};

/** The command stands in words of its own; a handler's job is made by a program. */
const FOR_PROGRAMS: readonly string[] = ['command', 'handler', 'payload'];

describe('the flags of a job', () => {
  it('are one for each job option but the command and what is for handlers, in the order of the table', () => {
    const options: readonly JobOption[] = JOB_OPTIONS;
    const expected = options
      .filter(({ name }) => !['command', 'handler', 'payload'].includes(name))
      .map(flagName);
    expect(jobFlags().map((flag) => flag.long)).toEqual(expected);
  });

  it.each(
    JOB_OPTIONS.filter((option) => !FOR_PROGRAMS.includes(option.name)).map((option): [string, JobOption] => [
      option.name,
      option,
    ]),
  )('%s: the flag gives the field a value that the queue takes', async (name, option) => {
    const job = await jobOf(
      option.value.kind === 'switch'
        ? [`--${flagName(option)}`]
        : [`--${flagName(option)}`, EXAMPLES[option.value.kind]],
    );
    expect(job).toHaveProperty(name);
    expect(() => parseJobInput(job)).not.toThrow();
  });

  it('a bad value is refused under the name of its flag', async () => {
    await expect(jobOf(['--max-retries', 'many'])).rejects.toThrow(/^--max-retries must be a whole number/);
    await expect(jobOf(['--timeout', '5 parsecs'])).rejects.toThrow(/^--timeout must be a duration/);
  });

  it('--cwd is made absolute and defaults to where the caller is', async () => {
    expect(await jobOf([])).toMatchObject({ cwd: process.cwd() });
    expect(await jobOf(['--cwd', 'src'])).toMatchObject({ cwd: `${process.cwd()}/src` });
  });

  it('--stdin-file is made absolute', async () => {
    expect(await jobOf(['--stdin-file', 'data'])).toMatchObject({ stdin_file: `${process.cwd()}/data` });
  });

  it('--env is repeatable, keeps further equals signs, and needs a value', async () => {
    expect(await jobOf(['-e', 'A=1', '-e', 'B=x=y', '-e', 'C='])).toMatchObject({
      env: { A: '1', B: 'x=y', C: '' },
    });
    await expect(jobOf(['--env', 'A'])).rejects.toMatchObject({
      code: 'usage',
      hint: '--env A="$A" passes on your own',
    });
  });
});

describe('the words after "--"', () => {
  it('one is a line for the shell, several are exact argv', () => {
    expect(commandOfWords(['a && b'])).toBe('a && b');
    expect(commandOfWords(['echo', 'a b'])).toEqual(['echo', 'a b']);
  });

  it('none, and an empty one, are refused', () => {
    expect(() => commandOfWords([])).toThrow('no command after "--"');
    expect(() => commandOfWords([''])).toThrow('the command is empty');
  });
});
