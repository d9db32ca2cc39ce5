import picocolors from 'picocolors';

export type Style = ReturnType<typeof createStyle>;

/** Colours, or with false the same functions that add nothing. */
export function createStyle(color: boolean): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(color);
}
