/** What a program needs to verify a key of one project. */
export interface Credentials {
  url: string
  apiKey: string
  /** Nothing: only a placeholder can be shown. */
  secret: string | null
  publicKey: string
  placeholder: string
}

export type SnippetLanguage = 'curl' | 'python' | 'rust'
export const SNIPPETS: readonly { language: SnippetLanguage; file: string }[] = [
  { language: 'curl', file: 'verify.sh' },
  { language: 'python', file: 'verify.py' },
  { language: 'rust', file: 'main.rs' },
]

const EXAMPLE_KEY = '7K2M9-QX4TD-0HVNW-3RB6F-8YJCE'

const inShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
/** Good for Python and for Rust. */
const inQuotes = (text: string): string => JSON.stringify(text)

function curl({ url, apiKey, secret, publicKey, placeholder }: Credentials): string {
  return `#!/usr/bin/env bash
set -euo pipefail
url=${inShell(url)}
api_key=${inShell(apiKey)}
secret=${inShell(secret ?? placeholder)}
public_key=${inShell(publicKey)}
key="\${1:-${EXAMPLE_KEY}}"
device="\${2:-a1b2c3d4e5f60718}"

# Sign the request: HMAC-SHA256 over six lines.
target=/client/v1/keys/verify
body=$(printf '{"key":"%s","device":{"id":"%s"}}' "$key" "$device")
timestamp=$(date +%s)
nonce=$(openssl rand -hex 16)
digest=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)
signature=$(printf 'cuekey-request-v1\\nPOST\\n%s\\n%s\\n%s\\n%s' "$target" "$timestamp" "$nonce" "$digest" |
  openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=$(curl -sS -o "$dir/body" -D "$dir/headers" -w '%{http_code}' "$url$target" \\
  -H 'Content-Type: application/json' \\
  -H "Cuekey-Key: $api_key" -H "Cuekey-Timestamp: $timestamp" \\
  -H "Cuekey-Nonce: $nonce" -H "Cuekey-Signature: v1=$signature" \\
  --data-binary "$body")

# Believe the answer only if the project's private key has signed it, for this nonce, within 300 s.
header() { tr -d '\\r' < "$dir/headers" | awk -F': ' -v name="$1" 'tolower($1) == name { print $2 }'; }
stamp=$(header cuekey-response-timestamp)
if [ -z "$stamp" ]; then
  echo "not signed, HTTP $status:" >&2
  cat "$dir/body" >&2
  exit 2
fi
header cuekey-response-signature | sed 's/^v1=//' | openssl base64 -d -A > "$dir/signature"
digest=$(openssl dgst -sha256 -r "$dir/body" | cut -d' ' -f1)
printf 'cuekey-response-v1\\n%s\\n%s\\n%s\\n%s' "$nonce" "$status" "$stamp" "$digest" > "$dir/signed"
printf -- '-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA%s\\n-----END PUBLIC KEY-----\\n' "$public_key" > "$dir/public.pem"
age=$(($(date +%s) - stamp))
if [ "\${age#-}" -gt 300 ] || ! openssl pkeyutl -verify -pubin -inkey "$dir/public.pem" -rawin \\
  -in "$dir/signed" -sigfile "$dir/signature" > /dev/null; then
  echo 'not the project’s own answer' >&2
  exit 2
fi
cat "$dir/body"
[ "$status" = 200 ]
`
}

function python({ url, apiKey, secret, publicKey, placeholder }: Credentials): string {
  return `# pip install cryptography; cuekey_verify.py lies beside this file
from cuekey_verify import CuekeyClient, CuekeyError, load_device_id

client = CuekeyClient(
    ${inQuotes(url)},
    ${inQuotes(apiKey)},
    ${inQuotes(secret ?? placeholder)},
    ${inQuotes(publicKey)},
)

try:
    verdict = client.verify(${inQuotes(EXAMPLE_KEY)}, load_device_id("~/.my-program/device-id"))
except CuekeyError as error:
    raise SystemExit(f"no verdict: {error}")

if not verdict.valid:
    raise SystemExit(f"{verdict.code}: {verdict.message} ({verdict.action})")
print("good until", verdict.key["expires_at"])
`
}

function rust({ url, apiKey, secret, publicKey, placeholder }: Credentials): string {
  return `// Cargo.toml: cuekey-sdk = { path = "crates/sdk" }
use cuekey_sdk::{Client, Device};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder(
        [${inQuotes(url)}],
        ${inQuotes(apiKey)},
        ${inQuotes(secret ?? placeholder)},
        ${inQuotes(publicKey)},
    )
    .build_blocking()?;

    let device = Device::persisted("/var/lib/my-program/device-id")?;
    let verdict = client.verify(${inQuotes(EXAMPLE_KEY)}, &device)?;
    if !verdict.is_valid() {
        eprintln!("{:?}: {} ({:?})", verdict.code, verdict.message, verdict.action);
        std::process::exit(1);
    }
    println!("{:?}: {}", verdict.code, verdict.message);
    Ok(())
}
`
}

const writers: Record<SnippetLanguage, (credentials: Credentials) => string> = { curl, python, rust }

/** A whole program in that language that verifies one key. */
export const snippet = (language: SnippetLanguage, credentials: Credentials): string => writers[language](credentials)
