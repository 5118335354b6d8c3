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
  trouble: {
    no_address: 'The project has no callback address any more',
    bad_address: 'The callback address is none',
    private_address: 'The address is within a private or reserved network, where callbacks may not go',
    no_connection: 'No connection: the name is not known, nobody listens, or TLS failed',
    timeout: 'No answer in time',
    no_answer: 'The connection ended, or what came was no HTTP',
  },
  technical: 'Technical detail: {detail}',
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
  dismiss: {
    action: 'Dismiss',
    title: 'Dismiss “{event}”',
    message:
      'The home page counts this failure no more, and it is not sent again with the others. It can still be sent again by itself.',
    done: 'It is dismissed.',
  },
  all: {
    hint: 'Choose a project to send all its failed callbacks again, or to dismiss them all.',
    none: 'Nothing has failed. Trials and what was dismissed do not count.',
    resend: {
      action: 'Send all again',
      title: 'Send all failed callbacks of this project again',
      message:
        'Each goes out once more with the same event id and content, without trials and what was dismissed. The receiver should recognise duplicates by the event id.',
      done: '{n} will be sent again.',
      more: '{n} will be sent again; the rest follows in the background.',
    },
    dismiss: {
      action: 'Dismiss all',
      title: 'Dismiss all failed callbacks of this project',
      message:
        'The home page counts them no more, and they are not sent again with the others. Each can still be sent again by itself.',
      done: '{n} are dismissed.',
      more: '{n} are dismissed; the rest follows in the background.',
    },
  },
}
export default en
