//! Customers at the door: a bearer token of their own, which opens nothing of the console's, as the console's opens nothing here.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use platform::Cx;
use venue::customers::{self, Customer};

use crate::ApiError;
use crate::extract::{LetIn, Visitor};
use crate::state::AppState;

/// A request by a customer, with the token that it came with.
pub struct ByCustomer(pub Cx, pub Customer, pub String);

impl FromRequestParts<AppState> for ByCustomer {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Visitor(cx) = Visitor::from_request_parts(parts, state).await?;
        let Some(token) = bearer(&parts.headers) else {
            cx.user()?;
            return Err(kernel::Fault::forbidden().into());
        };
        let (customer, token) = (customers::authenticate(&cx, token).await?, token.to_owned());
        parts.extensions.insert(LetIn::Customer(cx.clone(), token.clone()));
        Ok(Self(cx, customer, token))
    }
}

/// A request by anybody; by whom, where a good token says so, which is there too then.
pub struct PerhapsCustomer(pub Cx, pub Option<Customer>, pub Option<String>);

impl FromRequestParts<AppState> for PerhapsCustomer {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Visitor(cx) = Visitor::from_request_parts(parts, state).await?;
        let Some(token) = bearer(&parts.headers).map(str::to_owned) else { return Ok(Self(cx, None, None)) };
        match customers::authenticate(&cx, &token).await {
            Ok(customer) => {
                parts.extensions.insert(LetIn::Customer(cx.clone(), token.clone()));
                Ok(Self(cx, Some(customer), Some(token)))
            }
            Err(fault) if fault.kind == kernel::Kind::Unauthenticated => Ok(Self(cx, None, None)),
            Err(fault) => Err(fault.into()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}
