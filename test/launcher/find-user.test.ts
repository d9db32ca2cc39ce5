import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findUser } from '../../src/launcher/find-user.js';

function passwd(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-passwd-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'passwd'), text);
  return join(dir, 'passwd');
}

const FILE = `root:x:0:0:root:/root:/bin/bash
# a comment
1000:x:7:8::/:/bin/sh
ann:x:1000:100:Ann:/home/ann:/bin/sh
odd:x:many:1:::
`;

test('a user is found by name, then by uid, with the group', () => {
  const file = passwd(FILE);
  expect(findUser('ann', file)).toEqual({ uid: 1000, gid: 100 });
  expect(findUser('0', file)).toEqual({ uid: 0, gid: 0 });
  // A name of digits is a name first.
  expect(findUser('1000', file)).toEqual({ uid: 7, gid: 8 });
});

test('who is not listed, or not listed well, is nobody', () => {
  const file = passwd(FILE);
  for (const name of ['', 'an', 'Ann', 'x', '100', '# a comment', 'odd', 'many', '-1'])
    expect(findUser(name, file)).toBeNull();
  expect(findUser('root', passwd(''))).toBeNull();
});

test('this machine has its own', () => {
  expect(findUser('root')).toEqual({ uid: 0, gid: 0 });
  expect(() => findUser('root', '/no/such/passwd')).toThrow('ENOENT');
});
