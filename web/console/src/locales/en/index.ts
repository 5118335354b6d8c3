import type zh from '../zh-CN'
import account from './account'
import common from './common'
import errors from './errors'
import shell from './shell'
import status from './status'
import users from './users'

const en: typeof zh = { common, shell, status, errors, account, users }
export default en
