import { serverClock } from './clock'

/** When another code may be asked for. Outlives the page: leaving and coming back does not shorten the wait. */
export class Resend {
  private until = 0

  constructor(private readonly now: () => number = () => serverClock.now()) {}

  after(seconds: number): void {
    this.until = this.now() + seconds * 1000
  }

  secondsLeft(now: number): number {
    return Math.max(0, Math.ceil((this.until - now) / 1000))
  }
}

export const resend = new Resend()
export const leftResend = new Resend()
export const nextResend = new Resend()
