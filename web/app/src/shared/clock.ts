import { instant } from './time'

/** The server's time, told from the difference to this device's clock, which may be wrong by hours. */
export class ServerClock {
  private offset = 0

  /** An answer that said `now`, between when it was asked and when it came; half the way is a fair guess. */
  learn(now: string, sent: number, received: number): void {
    const server = instant(now)
    if (!Number.isNaN(server)) this.offset = server - (sent + received) / 2
  }

  now(local: number = Date.now()): number {
    return local + this.offset
  }
}

export const serverClock = new ServerClock()
