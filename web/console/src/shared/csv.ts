/** Text that a spreadsheet shows and does not compute. */
export const harmless = (text: string): string => (/^\s*[=+\-@]/.test(text) ? `'${text}` : text)

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Rows as they stand in a file. Excel takes it for UTF-8 only behind the mark at its beginning. */
export const csv = (rows: readonly (readonly string[])[]): string =>
  '\ufeff' + rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
