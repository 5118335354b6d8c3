import type zh from '../zh-CN/offers'

const en: typeof zh = {
  action: 'Pauses, cleaning, holding',
  title: 'Pauses, cleaning and tables that are held',
  pause: 'Minutes of pauses in a session, at most',
  pauseHint:
    'With 0 there are no pauses. A pause costs nothing and moves the end of what is paid; used up, play goes on by itself. For sessions opened from now on.',
  lit: 'The light meanwhile',
  dark: 'Goes off',
  stays: 'Stays on',
  cleaning: 'Minutes for cleaning after play',
  cleaningHint: 'With 0 there is no cleaning. Meanwhile the table cannot be opened; then it is free by itself.',
  hold: 'Minutes that a customer may hold a table',
  holdHint:
    'For how long somebody on the way may keep a free table, free of charge; 0: not at all, 60 at most. If it is not opened by then it is free again; after two no-shows a customer holds none for 24 hours.',
  range: 'A whole number from 0 to {most}',
  done: 'Saved.',
}
export default en
