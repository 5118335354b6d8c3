import account from './account'
import common from './common'
import errors from './errors'
import shell from './shell'
import status from './status'
import callbacks from './callbacks'
import cash from './cash'
import complaints from './complaints'
import deskPlay from './deskPlay'
import floor from './floor'
import halls from './halls'
import hold from './hold'
import offers from './offers'
import levels from './levels'
import lights from './lights'
import home from './home'
import jobs from './jobs'
import logs from './logs'
import mailbox from './mailbox'
import maintainers from './maintainers'
import payments from './payments'
import problems from './problems'
import power from './power'
import relay from './relay'
import notifications from './notifications'
import profile from './profile'
import quota from './quota'
import settings from './settings'
import withdrawals from './withdrawals'
import texts from './texts'
import users from './users'
import projects from './projects'
import grants from './grants'
import applications from './applications'
import batches from './batches'
import keys from './keys'
import calls from './calls'

export default {
  common,
  shell,
  status,
  errors,
  account,
  users,
  callbacks,
  cash,
  complaints,
  deskPlay,
  floor,
  halls,
  hold,
  offers,
  levels,
  lights,
  home,
  jobs,
  logs,
  mailbox,
  maintainers,
  notifications,
  payments,
  problems,
  power,
  relay,
  profile,
  quota,
  settings,
  texts,
  withdrawals,
  projects,
  grants,
  applications,
  batches,
  keys,
  calls,
}
