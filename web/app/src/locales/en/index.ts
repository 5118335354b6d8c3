import type zh from '../zh-CN'
import common from './common'
import complaint from './complaint'
import errors from './errors'
import hall from './hall'
import mine from './mine'
import pay from './pay'
import play from './play'
import signIn from './sign-in'
import split from './split'
import table from './table'

const en: typeof zh = { common, complaint, errors, hall, mine, pay, play, signIn, split, table }
export default en
