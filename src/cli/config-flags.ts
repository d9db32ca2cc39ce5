/** What the `config` commands share. */
import { listSettings, shownValue, variableOf } from '../config.js';
import type { Setting, SettingInForce } from '../config.js';
import type { Context } from './command.js';

/** What the setting is now, wherever that comes from. */
export function settingInForce({ home, env }: Context, setting: Setting): SettingInForce {
  const found = listSettings(home, env).find((candidate) => candidate.name === setting.name);
  return found ?? { name: setting.name, value: setting.fallback, origin: 'default' };
}

/** A change of the file that the environment hides would look like one that did not work. */
export function noteIfHidden(context: Context, setting: Setting): void {
  const { origin, value } = settingInForce(context, setting);
  if (origin !== 'environment') return;
  const shown = String(shownValue(setting, value));
  context.output.note(`${variableOf(setting)} in the environment comes before it: ${shown}`);
}
