// Which server a build's app asks. A mini-program has no address of its own: one that was not told its server's could be uploaded, and
// would reach nothing. Pure functions, tried in tests/server-address.test.ts.

const DOMAIN = '[\\w-]+(?:\\.[\\w-]+)+(?::\\d+)?'
const PRIVATE = new RegExp(`^https://${DOMAIN}/?$`, 'i')
const PRINTED = new RegExp(`^https?://${DOMAIN}/?$`, 'i')

/** For an owner of either language. */
const refusal = (zh, en) => new Error(`${zh}\n${en}`)
const withoutSlash = (address) => address.replace(/\/$/, '')

/**
 * Without a slash at its end; empty for a browser's pages, which come from their server. Throws where a mini-program is not told.
 * @param {string | undefined} platform uni-app's word for what is built
 * @param {string | undefined} said CUEKEY_SERVER
 * @returns {string}
 */
export function serverOf(platform, said) {
  if (!(platform ?? '').startsWith('mp-')) return ''
  const address = (said ?? '').trim()
  if (address === '') {
    throw refusal(
      '没有说明小程序连接哪台服务器。请这样构建：CUEKEY_SERVER=https://域名 npm run build:mp，域名与 server.public_url 相同。',
      'The mini-program was not told its server. Build it so: CUEKEY_SERVER=https://DOMAIN npm run build:mp, with the domain of server.public_url.',
    )
  }
  if (!PRIVATE.test(address)) {
    throw refusal(
      `CUEKEY_SERVER 的值“${address}”不能用：应为 https:// 加域名，不带路径。`,
      `CUEKEY_SERVER cannot be “${address}”: it must be https:// and a domain, without a path.`,
    )
  }
  return withoutSlash(address)
}

/**
 * Further addresses that stand in codes of this installation, such as that of before a move. Throws where one is none.
 * @param {string | undefined} said CUEKEY_CODES, separated by commas
 * @returns {string[]}
 */
export function codesOf(said) {
  const addresses = (said ?? '').split(',').map((address) => address.trim())
  const named = addresses.filter((address) => address !== '')
  const wrong = named.find((address) => !PRINTED.test(address))
  if (wrong !== undefined) {
    throw refusal(
      `CUEKEY_CODES 中的“${wrong}”不能用：应为 https:// 加域名，不带路径，多个之间用逗号分隔。`,
      `“${wrong}” cannot be in CUEKEY_CODES: it takes https:// and a domain, without a path, separated by commas.`,
    )
  }
  return named.map(withoutSlash)
}
