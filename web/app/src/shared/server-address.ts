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
