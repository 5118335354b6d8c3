/**
 * Where the API is. The H5 pages come from the same server; a mini-program has to be told when it is built
 * (`CUEKEY_SERVER=https://… npm run build:mp`), because it has no address of its own.
 */
export function serverAddress(): string {
  let address = ''
  // #ifdef MP
  address = CUEKEY_SERVER
  // #endif
  return address
}

/** The addresses that stand in this installation's codes: the server's, and those that it is told of beside it (`CUEKEY_CODES`). */
export function codeAddresses(): string[] {
  let addresses: string[] = []
  // #ifdef MP
  addresses = [CUEKEY_SERVER, ...CUEKEY_CODES]
  // #endif
  // #ifdef H5
  addresses = [window.location.origin]
  // #endif
  return addresses
}
