import account from './account'
import common from './common'
import errors from './errors'
import shell from './shell'
import status from './status'
import users from './users'

export default { common, shell, status, errors, account, users }
