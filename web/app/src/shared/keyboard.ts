// #ifdef H5
const STOPS = 'input, textarea, button, a[href], [tabindex="0"]'

/** The sheet that lies on top, if one is open. */
function topSheet(): HTMLElement | undefined {
  const open = Array.from(document.querySelectorAll<HTMLElement>('[aria-modal="true"]'))
  return open.filter((sheet) => sheet.getClientRects().length > 0).pop()
}

/** What lies under a sheet cannot be used, so Tab goes round within it. */
function stayInSheet(event: KeyboardEvent): void {
  const sheet = topSheet()
  if (!sheet) return
  const stops = Array.from(sheet.querySelectorAll<HTMLElement>(STOPS)).filter(
    (stop) => stop.getClientRects().length > 0,
  )
  const [from, to] = event.shiftKey ? [stops[0], stops.pop()] : [stops[stops.length - 1], stops[0]]
  const at = document.activeElement
  if (!to || (at !== from && sheet.contains(at))) return
  event.preventDefault()
  to.focus()
}
// #endif

/** Whatever says that it is a button can be pressed by keyboard, Tab stays in a sheet and Escape closes it; touch screens need nothing of this. */
export function pressByKeyboard(): void {
  // #ifdef H5
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') stayInSheet(event)
    if (event.key === 'Escape') document.querySelector<HTMLElement>('[aria-modal="true"] [data-closes]')?.click()
    if (event.key !== 'Enter' && event.key !== ' ') return
    const target = event.target instanceof HTMLElement ? event.target : null
    if (target?.getAttribute('role') !== 'button') return
    event.preventDefault()
    target.click()
  })
  // #endif
}

/** Brings the keyboard into the sheet that has just opened: a screen reader begins to read there. Answers what brings it back. */
export function enterSheet(): () => void {
  let back: () => void = () => undefined
  // #ifdef H5
  const opener = document.activeElement
  topSheet()?.querySelector<HTMLElement>('[data-closes]')?.focus({ preventScroll: true })
  back = () => {
    // Unless somebody has gone on elsewhere meanwhile.
    const lost = document.activeElement === null || document.activeElement === document.body
    if (lost && opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true })
  }
  // #endif
  return back
}
