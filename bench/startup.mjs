// P5: what a person waits for at the prompt, beside the start of Node itself. node bench/startup.mjs [ROUNDS]
import { runAlone } from './alone.mjs';
import { inNewDirectory, run } from './child.mjs';
import { inTurn, median, pairwise } from './measure.mjs';
import { DURABILITY, queuectl } from './queuectl.mjs';

const ROUNDS = 25;

/** @type {Record<string, string[]>} */
const COMMANDS = { enqueue: ['enqueue', '{"command":"true"}'], status: ['status'], list: ['list'] };

export function measureStartup(rounds = ROUNDS) {
  const times = inNewDirectory((home) => {
    /** @type {Record<string, () => number>} */
    const sides = { node: () => run(process.execPath, ['-e', '0']).ms };
    for (const [name, words] of Object.entries(COMMANDS)) sides[name] = () => queuectl(home, words).ms;
    return inTurn(sides, { rounds, warmUp: 2 });
  });

  const node = times['node'] ?? [];
  const rows = [['`node -e 0`', median(node).toFixed(1), '', '1', '']];
  const sentences = [];
  for (const [name, words] of Object.entries(COMMANDS)) {
    const ours = times[name] ?? [];
    const more = pairwise(ours, node, (a, b) => a - b).median.toFixed(1);
    const { median: ratio, range } = pairwise(ours, node, (a, b) => a / b);
    const typed = words.map((word) => (word.includes('{') ? `'${word}'` : word)).join(' ');
    const durability = name === 'enqueue' ? DURABILITY : 'reads only';
    rows.push([
      `\`queuectl ${typed}\``,
      median(ours).toFixed(1),
      more,
      `${ratio.toFixed(2)} (${range})`,
      durability,
    ]);
    sentences.push(`${name} ${name === 'enqueue' ? 'node ' : ''}+ ${more} ms (${ratio.toFixed(2)})`);
  }
  return {
    title: `P5, from the start of the process to its exit, median of ${rounds} rounds`,
    head: ['', 'ms', 'ms more than node', 'times node', 'durability'],
    rows,
    summary: `P5 command: ${sentences.join(', ')}`,
  };
}

await runAlone(import.meta.url, measureStartup);
