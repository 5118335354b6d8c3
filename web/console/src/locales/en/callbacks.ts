import type zh from '../zh-CN/callbacks'

const en: typeof zh = {
  title: 'Callbacks',
  subtitle: 'How each event was delivered. Failures are tried again by themselves, and can be sent again from here.',
  field: {
    event: 'Event',
    project: 'Project',
    url: 'Address',
    state: 'State',
    attempts: 'Attempts',
    last: 'Last result',
    next: 'Next attempt',
    created: 'Created',
    eventId: 'Event id',
    at: 'Time',
    response: 'Answer',
  },
  event: {
    key_activated: 'Key activated',
    key_verified: 'Verification accepted',
    key_refused: 'Verification refused',
    key_expired: 'Key expired',
    key_unbound: 'Key unbound',
    batch_created: 'Batch created',
    test: 'Test',
  },
  times: '{n}',
  milliseconds: '{n} ms',
  noAnswer: 'No answer',
  empty: 'Nothing delivered yet',
  emptyHint: 'Set an address and events on a project’s page; each delivery is then recorded here.',
  detail: {
    title: 'Callback delivery',
    about: 'Delivery',
    payload: 'What is sent',
    payloadHint: 'The body of the request; only the indentation differs.',
    attempts: 'Attempts',
    attempt: 'Attempt {n}',
    noAttempts: 'Not tried yet',
    noAttemptsHint: 'The delivery is in the queue and will be sent by itself.',
    emptyResponse: '(empty)',
  },
  resend: {
    action: 'Send again',
    title: 'Send “{event}” again',
    message:
      'The same event id and content go to {url} once more. The receiver should recognise duplicates by the event id.',
    done: 'It will be sent again.',
  },
}
export default en
