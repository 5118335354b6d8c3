const PAGES: Readonly<Record<string, (id: string) => string>> = {
  usr: (id) => `/users/${id}`,
  prj: (id) => `/projects/${id}`,
  bat: (id) => `/batches/${id}`,
  key: (id) => `/keys/${id}`,
  wdr: (id) => `/withdrawals/${id}`,
  cpl: (id) => `/complaints/${id}`,
  ord: (id) => `/payments/orders/${id}`,
}

/** The page about a thing, told by its id's prefix; null where things of that sort have none. */
export function pageOf(id: string): string | null {
  const prefix = /^([a-z]+)_[0-9a-z]+$/.exec(id)?.[1]
  return prefix === undefined ? null : (PAGES[prefix]?.(id) ?? null)
}
