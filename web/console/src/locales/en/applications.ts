import type zh from '../zh-CN/applications'

const en: typeof zh = {
  title: 'Applications',
  subtitleMine: 'What you have applied for, and the outcome.',
  subtitleReview: 'What your agents have applied for. Approval makes the grant.',
  emptyMine: 'No applications yet',
  emptyMineHint: 'Apply for a project; once approved, you can generate keys.',
  emptyReview: 'Nothing to review',
  emptyReviewHint: 'Applications of agents appear here, and you are notified.',
  scope: { label: 'Scope', review: 'To review', mine: 'Mine' },
  by: 'by {name}',
  field: {
    agent: 'Applicant',
    project: 'Project',
    reason: 'Reason',
    state: 'State',
    created: 'Applied',
    outcome: 'Outcome',
    note: 'Note',
  },
  check: { project: 'Choose a project', reason: 'Give a reason' },
  apply: {
    action: 'Apply for a project',
    title: 'Apply for a project',
    submit: 'Apply',
    reasonHint: 'Sales channel, expected numbers: whatever helps to decide.',
    nothing: 'There is no project to apply for',
    nothingHint: 'Projects that are granted or applied for already are not listed.',
    done: 'You have applied for “{project}”. You will be told of the outcome.',
  },
  approve: {
    action: 'Approve',
    title: 'Approve the application',
    about: '“{agent}” will be able to generate keys for “{project}”.',
    done: 'The application of “{agent}” is approved, and the grant made.',
  },
  refuse: {
    action: 'Refuse',
    title: 'Refuse the application',
    message: 'Refuse the application of “{agent}” for “{project}”. The agent will see the reason.',
    note: 'Reason',
    done: 'The application is refused.',
  },
  withdraw: {
    action: 'Withdraw',
    title: 'Withdraw the application',
    message: 'Withdraw the application for “{project}”? You can apply again later.',
    done: 'The application is withdrawn.',
  },
}
export default en
