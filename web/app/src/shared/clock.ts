import { instant } from './time'

/** The server's time, told from the difference to this device's clock, which may be wrong by hours. */
export class ServerClock {
  private offset = 0

  /** An answer that said `now`, between when it was asked and when it came; half the way is a fair guess. */
  learn(now: string, sent: number, received: number): void {
    const server = instant(now)
    if (!Number.isNaN(server)) this.offset = server - (sent + received) / 2
  }

  /**
   * An answer's `Date` header, which every answer has, but in whole seconds: at some moment between question and answer
   * it was somewhere in that second. What agrees with that stays, as it may be known better; the rest is put right.
   */
  hear(date: string, sent: number, received: number): void {
    const second = Date.parse(date)
    if (Number.isNaN(second)) return
    const [least, most] = [second - received, second + 1000 - sent]
    if (this.offset < least || this.offset > most) this.offset = (least + most) / 2
  }

  now(local: number = Date.now()): number {
    return local + this.offset
  }
}

export const serverClock = new ServerClock()
