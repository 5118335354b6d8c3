import type zh from '../zh-CN/jobs'

const en: typeof zh = {
  title: 'Jobs',
  subtitle:
    'Work in the background. Failures are tried again; after too many the job stops, and can be started by hand once the cause is mended.',
  field: {
    kind: 'Kind',
    state: 'State',
    attempts: 'Attempts',
    runAt: 'Runs at',
    error: 'Last error',
    finished: 'Finished',
  },
  kindSearch: 'Kind, for instance mail.send',
  empty: 'No jobs yet',
  error: 'See the error',
  errorTitle: 'Last error of “{kind}”',
  retry: {
    action: 'Retry',
    title: 'Retry the job “{kind}”',
    message: 'It goes back into the queue and runs at once. Please make sure that the cause of the failure is mended.',
    done: 'Back in the queue.',
  },
  kind: {
    mail_send: 'Send e-mail',
    callback_send: 'Deliver a callback',
    keys_generate: 'Generate keys',
    keys_cancel: 'Cancel a batch',
    keys_expire: 'Expire keys',
    grants_sweep: 'End grants, and warn of their end',
    client_nonces: 'Forget old client nonces',
    platform_sweep: 'Upkeep',
    account_reset: 'Mail a password reset',
    account_resend: 'Mail the verification again',
    account_locked: 'Tell of a locked account',
    device_agree: 'Have a light do as wanted',
    device_assert: 'See that lights are as wanted',
    sms_send: 'Send a text',
    sms_delivery: 'Ask how a text went',
    play_opening: 'End an opening without light',
    play_time: 'Warn, and close when time is up',
    play_fault: 'Look at a light that failed in play',
    play_offline: 'Look at a light that is offline',
    play_closing: 'Look at a light that stays on',
  },
}
export default en
