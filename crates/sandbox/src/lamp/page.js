'use strict'
// Keeps the page as the lamps are. Without it the buttons work too, and the page is as it was when it was loaded.
const EACH = 1000
const lost = document.getElementById('lost')

/** Writes only what has changed: whoever has the page read out hears no more than that. */
const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

const show = (lamps) => {
  if (lamps.some(({ id }) => !document.getElementById(id))) {
    location.reload()
    return
  }
  for (const lamp of lamps) {
    const row = document.getElementById(lamp.id)
    const button = row.querySelector('button')
    row.dataset.lamp = lamp.look
    say(row.querySelector('span'), lamp.state)
    say(button, lamp.press)
    button.value = lamp.act
    button.setAttribute('aria-label', lamp.label)
  }
}

const look = async () => {
  try {
    const answer = await fetch(`${location.pathname}/lamps`)
    if (!answer.ok) throw new Error(String(answer.status))
    show(await answer.json())
    lost.hidden = true
  } catch {
    lost.hidden = false
  }
}

const again = async () => {
  await look()
  setTimeout(again, EACH)
}

// Sent from here the page stays, and with it the place of whoever uses the keyboard.
document.addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.target
  const { name, value } = event.submitter
  const body = new URLSearchParams(new FormData(form))
  body.set(name, value)
  try {
    await fetch(form.action, { method: 'POST', body })
  } catch {
    lost.hidden = false
  }
  await look()
})

setTimeout(again, EACH)
