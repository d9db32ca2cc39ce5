import { configPath } from '../../config.js';
import type { Command } from '../command.js';

export const configPathCommand: Command = {
  usage: '[options]',
  examples: [{ command: 'queuectl config path', does: 'the file, whether it exists or not' }],
  fields: () => ['path'],
  run: async ({ output, home }) => {
    const path = configPath(home);
    if (output.json) output.object({ path });
    else output.line(path);
  },
};
