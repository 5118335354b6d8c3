/** One value in the device's storage. A full or forbidden storage is no reason to stop: the value then lasts as long as the page. */
export function stored<T>(name: string) {
  let held: T | null = null
  return {
    read(): T | null {
      try {
        const value: unknown = uni.getStorageSync(name)
        if (value !== '' && value !== undefined && value !== null) held = value as T
      } catch {
        // As above.
      }
      return held
    },
    write(value: T): void {
      held = value
      try {
        uni.setStorageSync(name, value)
      } catch {
        // As above.
      }
    },
    clear(): void {
      held = null
      try {
        uni.removeStorageSync(name)
      } catch {
        // As above.
      }
    },
  }
}
