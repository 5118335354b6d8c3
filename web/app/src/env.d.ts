/// <reference types="vite/client" />

/** The server's address, set when a mini-program is built. */
declare const CUEKEY_SERVER: string
/** Other addresses that stand in codes of this installation, set likewise. */
declare const CUEKEY_CODES: readonly string[]
