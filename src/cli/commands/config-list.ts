import { findSetting, SETTINGS, shownValue } from '../../config.js';
import type { Command } from '../command.js';
import { settingsInForce } from '../config-flags.js';

export const configList: Command = {
  usage: '[options]',
  description: 'Lists the settings in force. A change applies to jobs enqueued afterwards.',
  examples: [
    { command: 'queuectl config list', does: 'all settings' },
    { command: 'queuectl config list --show-origin', does: 'and where each comes from' },
  ],
  flags: [{ long: 'show-origin', help: 'where each comes from: flag, environment, config.json or default' }],
  fields: () => SETTINGS.map((setting) => setting.name),
  run: async (context) => {
    const { flags, output } = context;
    const settings = settingsInForce(context).map((setting) => ({
      ...setting,
      value: shownValue(findSetting(setting.name), setting.value),
    }));
    const withOrigin = flags.has('show-origin');
    if (output.json) {
      const entries = settings.map(
        ({ name, value, origin }) => [name, withOrigin ? { value, origin } : value] as const,
      );
      return output.object(Object.fromEntries(entries));
    }
    output.heading('Current Configuration');
    await output.table({
      columns: [{ name: 'key' }, { name: 'value' }, ...(withOrigin ? [{ name: 'origin' }] : [])],
      rows: settings.map(({ name, value, origin }) => [
        name,
        value ?? { box: 'none', tsv: '' },
        ...(withOrigin ? [origin] : []),
      ]),
    });
  },
};
