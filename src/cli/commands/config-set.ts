import { findSetting, saveSetting, shownValue } from '../../config.js';
import type { Command } from '../command.js';
import { noteIfHidden } from '../config-flags.js';

export const configSet: Command = {
  usage: '[options] KEY VALUE',
  arguments: '<key> <value>',
  description:
    'Changes a setting. It applies to jobs enqueued afterwards; those in the queue keep what they have.',
  examples: [
    { command: 'queuectl config set max_retries 5', does: 'five runs in all before a job is dead' },
    { command: 'queuectl config set timeout 30m', does: 'end runs that take longer' },
  ],
  fields: () => ['key', 'value'],
  run: async (context) => {
    const { args, output, home } = context;
    const setting = findSetting(args[0] ?? '');
    const value = shownValue(setting, saveSetting(home, setting, args[1] ?? ''));
    if (output.json) return output.object({ key: setting.name, value });
    output.say(`✅ Config updated: ${setting.name} = ${value}`);
    noteIfHidden(context, setting);
  },
};
