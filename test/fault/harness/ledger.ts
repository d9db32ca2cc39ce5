import { readFileSync } from 'node:fs';
import type { LedgerLine } from '../checkers/evidence.js';

/** Throws for a line that is not whole: each is one write, so it would be a mistake of the harness. */
export function readLedger(file: string): LedgerLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map(parseLine);
}

function parseLine(text: string): LedgerLine {
  const [line, id, run, at, last] = text.split(' ');
  const common = { id: id ?? '', run: Number(run), atS: Number(at) };
  if (line === 'S') return { line, ...common, workerPid: Number(last) };
  if (line === 'E') return { line, ...common, exitCode: Number(last) };
  if (line === 'OVERLAP') return { line, ...common };
  throw new Error(`the ledger holds a broken line: ${JSON.stringify(text)}`);
}
