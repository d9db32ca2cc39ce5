import { findSetting, removeSetting } from '../../config.js';
import type { Command } from '../command.js';
import { noteIfHidden } from '../config-flags.js';

export const configUnset: Command = {
  usage: '[options] KEY',
  arguments: '<key>',
  examples: [{ command: 'queuectl config unset max_retries', does: 'back to the default' }],
  fields: () => ['key', 'value'],
  run: async (context) => {
    const { args, output, home } = context;
    const setting = findSetting(args[0] ?? '');
    removeSetting(home, setting);
    if (output.json) return output.object({ key: setting.name, value: setting.fallback });
    output.say(`✅ Config updated: ${setting.name} = ${setting.fallback ?? 'none'} (default)`);
    noteIfHidden(context, setting);
  },
};
