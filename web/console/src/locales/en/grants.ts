import type zh from '../zh-CN/grants'

const en: typeof zh = {
  title: 'Grants',
  subtitle: 'Which agents may generate keys for which projects, and until when.',
  empty: 'No grants yet',
  emptyHint: 'An agent can generate keys for a project once it is granted.',
  noEnd: 'No end',
  until: 'until {time}',
  self: 'Myself',
  endHint: 'Empty: no end. In {zone}; the grant stops by itself.',
  agentHint: 'Type a user name or e-mail.',
  field: {
    project: 'Project',
    agent: 'Agent',
    state: 'State',
    startsAt: 'Start',
    endsAt: 'End',
    grantedBy: 'Granted by',
    note: 'Note',
  },
  reason: { expired: 'Expired', revoked: 'Revoked' },
  check: { project: 'Choose a project', agent: 'Choose an agent', end: 'The end must be in the future' },
  create: {
    action: 'New grant',
    title: 'New grant',
    submit: 'Grant',
    done: '“{project}” is granted to “{agent}”, who has been told.',
  },
  change: {
    action: 'Change end',
    title: 'Change the end of the grant',
    about: 'Grant of “{project}” to “{agent}”',
    done: 'The grant of “{project}” to “{agent}” has a new end.',
  },
  end: {
    action: 'End grant',
    title: 'End the grant',
    message: '“{agent}” can generate no more keys for “{project}”. Existing keys stay as they are.',
    done: 'The grant has ended; the agent has been told.',
  },
}
export default en
