/// <reference types="vite/client" />

/** The server's address, set when a mini-program is built. */
declare const CUEKEY_SERVER: string
