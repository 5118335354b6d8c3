//! How anything is refused.
//!
//! Each context has an enum of its own refusals and turns it `into()` a [`Fault`]; services return `Fault`, and one
//! place in `web` makes it an RFC 9457 problem. The `code` is the identity: texts may change, codes may not.

use std::error::Error;
use std::fmt;

use crate::Lang;

/// What sort of refusal it is, and so who should act. `web` maps each to one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong in itself: mend it (422; 400 where it could not even be read).
    Invalid,
    Malformed,
    /// Who is asking is not known (401).
    Unauthenticated,
    /// Known, but may not (403).
    Forbidden,
    /// Not there, or not the caller's to see (404).
    NotFound,
    /// Right in itself, but not in the present state (409).
    Conflict,
    /// Closed for a while (423).
    Locked,
    /// Too much at once (429).
    Limited,
    /// Try again: overloaded, or the database is away (503).
    Unavailable,
    /// Our mistake (500); the cause is logged, not shown.
    Internal,
}

/// One field that was not accepted, in the words of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

/// A refusal: what, of which sort, and in both languages why.
#[derive(Debug)]
pub struct Fault {
    pub kind: Kind,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
    pub fields: Vec<FieldError>,
    /// Seconds until it makes sense to try again.
    pub retry_after: Option<i64>,
    /// Whether the next sign-in must bring a solved captcha.
    pub captcha_required: bool,
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    pub fn new(kind: Kind, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { kind, code, zh: zh.into(), en: en.into(), fields: Vec::new(), retry_after: None, captcha_required: false, source: None }
    }

    /// Something that should not happen; `source` goes to the log with the request's id.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut fault =
            Self::new(Kind::Internal, "INTERNAL", "系统出错，已记录，请稍后再试", "Something went wrong on our side; it has been logged");
        fault.source = Some(source.into());
        fault
    }

    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut fault = Self::new(Kind::Unavailable, "BUSY", "系统繁忙，请稍后再试", "Busy at the moment; please try again shortly");
        fault.retry_after = Some(1);
        fault.source = Some(source.into());
        fault
    }

    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "NOT_FOUND", "不存在，或您无权查看", "Not there, or not yours to see")
    }

    pub fn forbidden() -> Self {
        Self::new(Kind::Forbidden, "FORBIDDEN", "您没有权限执行此操作", "You may not do this")
    }

    /// Somebody else was quicker: what is to be changed is not any more as it was when it was looked at.
    pub fn changed_meanwhile() -> Self {
        let (zh, en) = ("刚刚有人修改过，请刷新后再改", "Somebody has changed this in the meantime; load it again before you change it");
        Self::new(Kind::Conflict, "CHANGED_MEANWHILE", zh, en)
    }

    pub fn field(field: &str, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let mut fields = Fields::default();
        fields.add(field, code, zh, en);
        fields.fault()
    }

    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    pub fn with_captcha(mut self, required: bool) -> Self {
        self.captcha_required = required;
        self
    }

    pub fn message(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.en)?;
        for field in &self.fields {
            write!(f, "; {} {}", field.field, field.code)?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

impl From<crate::AmountError> for Fault {
    fn from(_: crate::AmountError) -> Self {
        Self::new(Kind::Invalid, "AMOUNT_OUT_OF_RANGE", "数额超出范围", "The amount is out of range")
    }
}

/// Collects what is wrong with a form, so that its user sees all of it at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    pub fn add(&mut self, field: &str, code: &'static str, zh: impl Into<String>, en: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), code, zh: zh.into(), en: en.into() });
    }

    /// Keeps the value, or notes the refusal under the field's name.
    pub fn take<T>(&mut self, field: &str, result: Result<T, (&'static str, String, String)>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err((code, zh, en)) => {
                self.add(field, code, zh, en);
                None
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn fault(self) -> Fault {
        let mut fault = Fault::new(Kind::Invalid, "INVALID", "请检查填写的内容", "Please check what you entered");
        fault.fields = self.0;
        fault
    }

    pub fn check(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(self.fault()) }
    }
}
