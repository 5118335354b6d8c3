const known = new Map<string, string>()

/**
 * A hall's phone, by the id of what a page is about: a session, or the hall. Told by the page that one comes from, so that it is there
 * without a network; and not in the address, where anybody could have written another number.
 */
export const hallPhones = {
  keep: (id: string, phone: string | null | undefined) => void known.set(id, phone ?? ''),
  /** Null: nobody has told. Empty: the hall has none. */
  of: (id: string): string | null => known.get(id) ?? null,
}
