import { ApiError } from '@/api/problem'
import type { Session } from '@/api/types'
import { serverClock } from './clock'
import { secondsLeft, secondsSince } from './countdown'
import { nextPollMs } from './polling'

export interface WatchEvents {
  session(session: Session): void
  /** Failures in a row; 0 once an answer came again. */
  failures(count: number): void
  /** The server answered, and its answer is no. Asking again would not help. */
  refused(error: unknown): void
}

/**
 * Follows one session: asks in the rhythm that its state calls for, keeps trying when the network is gone, and asks at once
 * when the page is shown again. Answers that were overtaken are dropped.
 */
export class SessionWatch {
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private round = 0
  private awake = false
  private latest: Session | null = null

  constructor(
    private readonly fetch: () => Promise<Session>,
    private readonly events: WatchEvents,
  ) {}

  wake(): void {
    this.awake = true
    void this.ask()
  }

  sleep(): void {
    this.awake = false
    this.round += 1
    clearTimeout(this.timer)
  }

  /** An answer that came another way (extended, closed) is newer than whatever is under way. */
  accept(session: Session): void {
    this.round += 1
    this.take(session)
    this.schedule()
  }

  async ask(): Promise<void> {
    clearTimeout(this.timer)
    this.round += 1
    const mine = this.round
    try {
      const session = await this.fetch()
      if (mine !== this.round) return
      this.take(session)
    } catch (error) {
      if (mine !== this.round) return
      if (error instanceof ApiError && !error.unsure) {
        this.events.refused(error)
        return
      }
      this.failures += 1
      this.events.failures(this.failures)
    }
    this.schedule()
  }

  private take(session: Session): void {
    this.latest = session
    if (this.failures > 0) this.events.failures(0)
    this.failures = 0
    this.events.session(session)
  }

  private schedule(): void {
    clearTimeout(this.timer)
    if (!this.awake) return
    const now = serverClock.now()
    const wait = nextPollMs({
      state: this.latest?.state ?? 'opening',
      failures: this.failures,
      waited: secondsSince(this.latest?.asked_at ?? null, now),
      left: secondsLeft(this.latest?.paid_until ?? null, now),
    })
    if (wait !== null) this.timer = setTimeout(() => void this.ask(), wait)
  }
}
