export interface Agent {
  program: string
  system: string
}

// The order matters: most programs claim to be others as well.
const PROGRAMS: readonly (readonly [string, RegExp])[] = [
  ['WeChat', /MicroMessenger\/([\d]+)/],
  ['Edge', /Edg(?:e|A|iOS)?\/([\d]+)/],
  ['Opera', /OPR\/([\d]+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/([\d]+)/],
  ['Chrome', /(?:Headless)?(?:Chrome|CriOS)\/([\d]+)/],
  ['Safari', /Version\/([\d]+)[\d.]* (?:Mobile\/\S+ )?Safari/],
  ['curl', /^curl\/([\d]+)/],
  ['Python', /^(?:python|httpx|Python-urllib)[^/]*\/([\d]+)/],
]
const SYSTEMS: readonly (readonly [string, RegExp])[] = [
  ['Windows', /Windows NT/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Android', /Android/],
  ['macOS', /Mac OS X|Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
]

/** What a person recognises in a user agent; empty where nothing is known. */
export function readAgent(agent: string): Agent {
  let program = ''
  for (const [name, pattern] of PROGRAMS) {
    const found = pattern.exec(agent)
    if (found) {
      program = `${name} ${found[1]}`
      break
    }
  }
  return { program, system: SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0] ?? '' }
}

/** `Chrome 142 · Windows`, or empty. */
export function agentName(agent: string): string {
  const { program, system } = readAgent(agent)
  return [program, system].filter(Boolean).join(' · ')
}
