/** Whatever says that it is a button can be pressed by keyboard, and Escape closes a sheet; touch screens need nothing of this. */
export function pressByKeyboard(): void {
  // #ifdef H5
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') document.querySelector<HTMLElement>('[aria-modal="true"] [data-closes]')?.click()
    if (event.key !== 'Enter' && event.key !== ' ') return
    const target = event.target instanceof HTMLElement ? event.target : null
    if (target?.getAttribute('role') !== 'button') return
    event.preventDefault()
    target.click()
  })
  // #endif
}
