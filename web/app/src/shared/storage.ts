/** How long: on this device, or as long as this visit (a browser's tab), which no other one sees. */
type Lasts = 'device' | 'visit'

interface Place {
  read(name: string): unknown
  write(name: string, value: unknown): void
  clear(name: string): void
}

function placeFor(lasts: Lasts): Place {
  // #ifdef H5
  if (lasts === 'visit')
    return {
      read: (name) => JSON.parse(sessionStorage.getItem(name) ?? 'null'),
      write: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
      clear: (name) => sessionStorage.removeItem(name),
    }
  // #endif
  return {
    read: (name) => uni.getStorageSync(name),
    write: (name, value) => uni.setStorageSync(name, value),
    clear: (name) => uni.removeStorageSync(name),
  }
}

/** One value in the device's storage. A full or forbidden storage is no reason to stop: the value then lasts as long as the page. */
export function stored<T>(name: string, lasts: Lasts = 'device') {
  const place = placeFor(lasts)
  let held: T | null = null
  return {
    read(): T | null {
      try {
        const value = place.read(name)
        if (value !== '' && value !== undefined && value !== null) held = value as T
      } catch {
        // As above.
      }
      return held
    },
    /** Whether it outlasts the page. */
    write(value: T): boolean {
      held = value
      try {
        place.write(name, value)
        return true
      } catch {
        // As above.
        return false
      }
    },
    clear(): void {
      held = null
      try {
        place.clear(name)
      } catch {
        // As above.
      }
    },
  }
}
