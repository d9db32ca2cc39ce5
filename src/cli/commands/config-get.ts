import { findSetting, SETTINGS, shownValue } from '../../config.js';
import type { Command } from '../command.js';
import { settingInForce } from '../config-flags.js';

export const configGet: Command = {
  usage: '[options] KEY',
  arguments: '<key>',
  description: 'Prints the value in force: an empty line where there is none.',
  examples: [{ command: 'queuectl config get max_retries', does: 'the value alone' }],
  fields: () => SETTINGS.map((setting) => setting.name),
  run: async (context) => {
    const { args, output } = context;
    const setting = findSetting(args[0] ?? '');
    const { name } = setting;
    const value = shownValue(setting, settingInForce(context, setting).value);
    if (output.json) output.object({ [name]: value });
    else output.line(value === null ? '' : String(value));
  },
};
