import { changeCommand } from '../change-command.js';

export const release = changeCommand({
  name: 'release',
  description: `Lets held jobs go: those whose time has come are ready, the others wait for it.`,
  examples: [
    { command: 'queuectl release 42', does: 'one job' },
    { command: 'queuectl release 3-9,12', does: 'several' },
    { command: 'queuectl release tag:nightly', does: 'all that are held and have a tag' },
  ],
  act: () => ({
    act: { act: 'release' },
    verb: 'release',
    participle: 'released',
    sentence: (id, { state }) =>
      state === 'scheduled' ? `Job ${id} is released, and waits for its time.` : `Job ${id} is released.`,
  }),
});
