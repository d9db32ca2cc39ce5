/** The public API. */
export { openQueue } from './open-queue.js';
export type { OpenQueueOptions } from './open-queue.js';
export { Queue } from './queue.js';
export type { EnqueueOptions, ListOptions } from './queue.js';
export type { FollowedRecord, OutputRecord } from './output/records.js';
export type { OutputSelection } from './output/selection.js';
export { Worker } from './worker/worker.js';
export type { WorkerOptions } from './worker/worker.js';
export type { Handler, HandlerJob, Handlers } from './worker/handlers.js';
export { QueueError } from './errors.js';
export type { ErrorCode } from './errors.js';
export type { CancelOptions } from './job/cancel-options.js';
export type { CommandInput, HandlerInput, HandlerType, HandlerTypes, JobInput } from './job/input.js';
export { cursorOf } from './job/cursor.js';
export type { Counts, Job, JsonValue, Run } from './job/job.js';
export type { State } from './job/state.js';
export type { InsertResult, Pauses, QueueState, Session } from './store/store.js';
