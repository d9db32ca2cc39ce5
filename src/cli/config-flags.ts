/** What the `config` commands share. */
import { listSettings } from '../config.js';
import type { Setting, SettingInForce } from '../config.js';
import type { Context } from './command.js';

/** Every setting that this command would use; the only one with a flag of its own is `--lock-timeout`. */
export function settingsInForce({ home, env, flags }: Context): SettingInForce[] {
  const given = flags.text('lock-timeout');
  return listSettings(home, env).map((setting) =>
    given !== undefined && setting.name === 'lock_timeout'
      ? { name: setting.name, value: given, origin: 'flag' }
      : setting,
  );
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
  context.output.note(
    `QUEUECTL_${setting.name.toUpperCase()} in the environment comes before it: ${String(value)}`,
  );
}
