/**
 * Which hall an address leads to: the one that it names, if one works there; otherwise the first where one does.
 * `elsewhere`: that is not the one that was named.
 */
export function whereTo(halls: readonly { id: string }[], named: string): { hall: string | null; elsewhere: boolean } {
  const found = halls.some(({ id }) => id === named)
  return { hall: found ? named : (halls[0]?.id ?? null), elsewhere: named !== '' && !found }
}
