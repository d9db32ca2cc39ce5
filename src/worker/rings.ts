import type { Ring } from '../store/bell.js';

/** What a worker has heard of the bell since it last looked. */
export class Rings {
  #heard = false;
  #areJobs = false;
  /** The last claim at such a ring brought something; else others are quicker, or the jobs are not for this worker. */
  #areOurs = true;

  /** True: the worker should look. Ends alone matter only to who waits for the last of them. */
  hear(about: Ring, waitsForEnds: boolean): boolean {
    if (about === 'ends' && !waitsForEnds) return false;
    this.#heard = true;
    this.#areJobs ||= about === 'jobs';
    return true;
  }

  /** Somebody rang since this was asked last. */
  takeHeard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  /** There are new jobs, probably for this worker: to claim them is worth no look before. */
  get bringJobs(): boolean {
    return this.#areJobs && this.#areOurs;
  }

  /** A claim is made now; what it has brought is told to the function. */
  beginClaim(): (claimed: number) => void {
    const wasForJobs = this.#areJobs;
    this.#areJobs = false;
    return (claimed) => {
      if (claimed > 0) this.#areOurs = true;
      else if (wasForJobs) this.#areOurs = false;
    };
  }
}
