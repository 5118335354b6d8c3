import common from './common'
import errors from './errors'
import hall from './hall'
import mine from './mine'
import pay from './pay'
import play from './play'
import signIn from './sign-in'
import table from './table'

export default { common, errors, hall, mine, pay, play, signIn, table }
