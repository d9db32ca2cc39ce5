/** What everybody is told who comes to a queue that is elsewhere now. */
import { QueueError } from '../../errors.js';

const BEGINNING = 'this queue was moved to ';

export function movedMessage(place: string): string {
  return `${BEGINNING}${place}`;
}

/** The message of a trigger, which refuses a write, comes as an error of the driver. */
export function isMovedMessage(message: string): boolean {
  return message.startsWith(BEGINNING);
}

/** Nobody may go on with the file: it holds what was true before. */
export function movedError(message: string): QueueError {
  return new QueueError(
    'store_lost',
    message,
    'to use it there: queuectl config set database URL, or --db URL',
  );
}
