/** What every refusal looks like. */
import { expect } from 'vitest';
import type { Cli } from '../support/cli.js';

export interface Refusal {
  readonly args: readonly string[];
  readonly input?: string;
  readonly code?: number;
  /** The beginning of what is said. */
  readonly message: string;
  readonly hint?: string;
}

/** Each of them: nothing on stdout, one error line and at most one hint line on stderr, no stack trace. */
export async function expectRefusals(cli: Cli, refusals: readonly Refusal[]): Promise<void> {
  for (const { args, input = '', code = 2, message, hint } of refusals) {
    const { stderr, ...rest } = await cli.run(args, { input });
    expect({ args, ...rest }).toMatchObject({ args, code, stdout: '' });
    expect(stderr).toMatch(/^error: .+\n(hint: .+\n)?$/);
    const [first = '', second] = stderr.split('\n');
    expect(first.slice(0, 'error: '.length + message.length)).toBe(`error: ${message}`);
    if (hint !== undefined) expect(second).toBe(`hint: ${hint}`);
  }
  const [first] = refusals;
  if (first !== undefined) await expectJsonRefusal(cli, first);
}

/** The same under --json: one object on stderr, on one line. */
async function expectJsonRefusal(cli: Cli, { args, input = '', code = 2, message }: Refusal): Promise<void> {
  const { stderr, ...rest } = await cli.run(['--json', ...args], { input });
  expect({ args, ...rest }).toMatchObject({ args, code, stdout: '' });
  expect(stderr).toMatch(/^.+\n$/);
  const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
  expect(Object.keys(error)).toEqual(['code', 'message', 'hint']);
  expect(String(error['message']).slice(0, message.length)).toBe(message);
}
