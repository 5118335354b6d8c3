import { shallowRef } from 'vue'

export interface Question {
  title: string
  message: string
  confirm: string
  danger?: boolean
  /** Ask for a reason, and hand it to the action. */
  reason?: { label: string; required: boolean; longest?: number }
  /** Offer something more, off at first, and tell the action whether it was chosen. */
  choice?: string
  action: (reason: string, chosen: boolean) => Promise<unknown>
}

export interface Asked extends Question {
  answer: (done: boolean) => void
}

/** What the dialog in App.vue is asking at the moment. */
export const asked = shallowRef<Asked | null>(null)

/** Asks, carries out the action while the dialog waits, shows its refusal there. True when it was done. */
export function confirmAction(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = { ...question, answer: resolve }
  })
}
