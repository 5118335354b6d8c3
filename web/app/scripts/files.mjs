import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Every file below a folder that ends so, by its path within it. */
export function filesOf(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

/** Ends a check: what is wrong, one a line, or a word that nothing is. */
export function finish(name, problems, said) {
  for (const problem of problems) console.error(`${name}: ${problem}`)
  if (problems.length > 0) process.exit(1)
  console.log(`${name}: ${said}`)
}
