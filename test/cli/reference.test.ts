import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatMarkdown } from '../../scripts/docs.mjs';
import { cliReference, optionsReference } from '../../src/cli/reference.js';

function stored(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

it('docs/cli.md is what the commands say (node scripts/docs.mjs writes it)', async () => {
  expect(stored('cli.md')).toBe(await formatMarkdown(await cliReference()));
});

it('docs/options.md is what the tables say (node scripts/docs.mjs writes it)', async () => {
  expect(stored('options.md')).toBe(await formatMarkdown(optionsReference()));
});
