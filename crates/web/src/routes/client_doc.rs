//! The client API in the OpenAPI document. The fixed contract is `docs/client-api.md`; these signatures only describe what
//! [`super::client`] answers, since its three endpoints share one handler that signs.

use kernel::Timestamp;
use licensing::keys::{Code, KeyId, KeyState};
use utoipa::{OpenApi, ToSchema};

use crate::Problem;

#[derive(OpenApi)]
#[openapi(paths(verify, query, time))]
pub(super) struct ClientDoc;

/// A device as the program names it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct ClientDevice {
    /// 1 to 128 characters.
    id: String,
    /// Up to 64 characters.
    name: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct VerifyRequest {
    key: String,
    device: ClientDevice,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct QueryRequest {
    key: String,
}

/// A key as a program sees it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct ClientKey {
    id: KeyId,
    state: KeyState,
    activated_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    /// Absent for keys that never expire.
    remaining_seconds: Option<i64>,
    /// In answers of verify: this call bound and activated it.
    first_use: Option<bool>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct Verdict {
    valid: bool,
    code: Code,
    message: String,
    /// exit, renew, contact, continue
    action: String,
    key: Option<ClientKey>,
    server_time: Timestamp,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct QueryAnswer {
    key: ClientKey,
    server_time: Timestamp,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not built")]
struct TimeAnswer {
    server_time: Timestamp,
    unix: i64,
}

/// Verifies a key; the first use binds the device and starts the clock. The verdict is data: 200 whether or not it is good.
#[utoipa::path(post, path = "/client/v1/keys/verify", tag = "client", request_body = VerifyRequest,
    params(("Cuekey-Key" = String, Header), ("Cuekey-Timestamp" = String, Header), ("Cuekey-Nonce" = String, Header), ("Cuekey-Signature" = String, Header)),
    responses((status = 200, body = Verdict), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
#[expect(dead_code, reason = "described, not called")]
fn verify() {}

/// State, activation, expiry and devices of a key of the caller's own project; changes nothing.
#[utoipa::path(post, path = "/client/v1/keys/query", tag = "client", request_body = QueryRequest,
    params(("Cuekey-Key" = String, Header), ("Cuekey-Timestamp" = String, Header), ("Cuekey-Nonce" = String, Header), ("Cuekey-Signature" = String, Header)),
    responses((status = 200, body = QueryAnswer), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
#[expect(dead_code, reason = "described, not called")]
fn query() {}

/// The server's clock.
#[utoipa::path(get, path = "/client/v1/time", tag = "client",
    params(("Cuekey-Key" = String, Header), ("Cuekey-Timestamp" = String, Header), ("Cuekey-Nonce" = String, Header), ("Cuekey-Signature" = String, Header)),
    responses((status = 200, body = TimeAnswer), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
#[expect(dead_code, reason = "described, not called")]
fn time() {}
