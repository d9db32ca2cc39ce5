/** Looks at real processes, for tests that wait for conditions and never sleep. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;
/** How long what must come about is waited for: only what hangs takes so long, however busy the machine. */
export const PATIENCE_MS = 60_000;

/** What a condition found; false, null and undefined mean "not yet". */
type Found<T> = Exclude<T, false | null | undefined>;

/**
 * Resolves with what the condition found as soon as that is not false, null or undefined; asks every 10 ms.
 * Rejects after timeoutMs (PATIENCE_MS) with a message that names `what`, and with the condition's last error if it threw:
 * a condition may throw while it is not met yet.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  options: { readonly what: string; readonly timeoutMs?: number },
): Promise<Found<T>> {
  const { what, timeoutMs = PATIENCE_MS } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const found = await condition();
      lastError = undefined;
      if (isFound(found)) return found;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`, { cause: lastError });
    }
    await delay(POLL_MS);
  }
}

function isFound<T>(value: T): value is Found<T> {
  return value !== false && value !== null && value !== undefined;
}

/** Whether the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const state = processState(pid);
  return state !== null && state !== 'Z' && state !== 'X';
}

/** The kernel's one-letter state ("R", "S", "T", "Z" …), or null where there is no such process. */
export function processState(pid: number): string | null {
  if (process.platform !== 'linux') return stateByPs(pid);
  const stat = statFields(pid);
  return stat?.[0] ?? null;
}

/** The pids of all running processes in a group; zombies are left out. Linux only. */
export function groupMembers(groupId: number): number[] {
  return allPids().filter((pid) => statFields(pid)?.[2] === String(groupId) && isAlive(pid));
}

/** The pids of all running processes that carry `name=value` in their environment. Linux only. */
export function pidsWithEnv(name: string, value: string): number[] {
  return allPids().filter(
    (pid) => isAlive(pid) && readProc(pid, 'environ')?.split('\0').includes(`${name}=${value}`),
  );
}

/** The session a process belongs to. Linux only. */
export function sessionOf(pid: number): number | null {
  const session = statFields(pid)?.[3];
  return session === undefined ? null : Number(session);
}

/** KILL, for clean-up after a test; a process or (negative) group that is gone already is fine. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The fields after the command's name, whose own text may hold blanks and parentheses: state, ppid, pgrp, session … */
function statFields(pid: number): string[] | null {
  const stat = readProc(pid, 'stat');
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return null;
  }
}

function stateByPs(pid: number): string | null {
  try {
    return (
      execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'latin1' })
        .trim()
        .charAt(0) || null
    );
  } catch {
    return null;
  }
}

/** The pid of the launcher of a process, this one by default: its one child of that name. */
export function launcherPid(parent: number = process.pid): number | null {
  const file = `/proc/${parent}/task/${parent}/children`;
  const children = existsSync(file) ? readFileSync(file, 'latin1').split(' ').filter(Boolean) : [];
  const pid = children.find((child) => nameOf(child) === 'launcher');
  return pid === undefined ? null : Number(pid);
}

function nameOf(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return null;
  }
}
