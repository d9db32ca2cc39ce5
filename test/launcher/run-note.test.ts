import { closeSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { bootId } from '../../src/launcher/process-identity.js';
import { completeNote, createNote, readNote } from '../../src/launcher/run-note.js';

describe('the note of a run', () => {
  test('is readable at every moment, and private', () => {
    const dir = mkdtempSync(join(tmpdir(), 'queuectl-note-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'run', '7.2');
    const draft = join(dir, 'run', 'draft');
    const fd = createNote({ noteFile: file, noteDraft: draft }, 'token');
    expect(readNote(file)).toEqual({ token: 'token', pid: null, pidStartTime: null, bootId: bootId() });
    const { size } = statSync(file);
    completeNote(fd, 'token', 4711, '1234567');
    closeSync(fd);
    expect(readNote(file)).toEqual({ token: 'token', pid: 4711, pidStartTime: '1234567', bootId: bootId() });
    // Replaced in place: neither a full disk nor a crash can leave half of it.
    expect(statSync(file).size).toBe(size);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: 4711, pid_start_time: '1234567' });
  });
});
