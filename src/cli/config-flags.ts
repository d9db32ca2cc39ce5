/** What the `config` commands share. */
import { listSettings, shownValue, variableOf } from '../config.js';
import type { Setting, SettingInForce } from '../config.js';
import type { Context } from './command.js';

/** Those that have a flag of their own in every command. */
const FLAGS: Readonly<Record<string, string>> = { lock_timeout: 'lock-timeout', database: 'db' };

/** Every setting that this command would use. */
export function settingsInForce({ home, env, flags }: Context): SettingInForce[] {
  return listSettings(home, env).map((setting) => {
    const flag = FLAGS[setting.name];
    const given = flag === undefined ? undefined : flags.text(flag);
    return given === undefined ? setting : { name: setting.name, value: given, origin: 'flag' };
  });
}

/** What the setting is now, wherever that comes from. */
export function settingInForce(context: Context, setting: Setting): SettingInForce {
  const found = settingsInForce(context).find((candidate) => candidate.name === setting.name);
  return found ?? { name: setting.name, value: setting.fallback, origin: 'default' };
}

/** A change of the file that the environment hides would look like one that did not work. */
export function noteIfHidden(context: Context, setting: Setting): void {
  const { origin, value } = settingInForce(context, setting);
  if (origin !== 'environment') return;
  const shown = String(shownValue(setting, value));
  context.output.note(`${variableOf(setting)} in the environment comes before it: ${shown}`);
}
