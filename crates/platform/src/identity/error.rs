//! Why an account was refused something.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountError {
    SignUpClosed,
    /// A link that was never sent, has been used, or is too old: which of these is nobody's business.
    TokenInvalid,
    CaptchaRequired,
    CaptchaWrong,
    /// The name is unknown or the password wrong; `locked` when this failure closed the account for so many seconds.
    SignInFailed {
        captcha_next: bool,
        locked: Option<i64>,
    },
    Locked {
        seconds: i64,
    },
    NotVerified,
    FirstPasswordOld,
    Disabled,
    SecondFactorRequired {
        captcha_next: bool,
    },
    SecondFactorWrong {
        captcha_next: bool,
    },
    SecondFactorAlreadyOn,
    SecondFactorNotBegun,
    SecondFactorOff,
    /// Somebody else changed the same thing meanwhile.
    ChangedMeanwhile,
}

impl From<AccountError> for Fault {
    fn from(error: AccountError) -> Self {
        use AccountError as E;
        match error {
            E::SignUpClosed => {
                Self::new(Kind::Forbidden, "SIGN_UP_CLOSED", "暂未开放注册，请联系管理员", "Sign-up is closed; please ask an admin")
            }
            E::TokenInvalid => Self::new(
                Kind::Malformed,
                "TOKEN_INVALID",
                "链接无效、已使用或已过期，请重新申请",
                "This link is not valid, was used, or is too old; please ask for a new one",
            ),
            E::CaptchaRequired => {
                Self::new(Kind::Unauthenticated, "CAPTCHA_REQUIRED", "请完成验证码", "Please solve a captcha").with_captcha(true)
            }
            E::CaptchaWrong => Self::new(
                Kind::Unauthenticated,
                "CAPTCHA_WRONG",
                "验证码错误或已失效，请换一个重试",
                "The captcha is wrong or too old; please try another",
            )
            .with_captcha(true),
            E::SignInFailed { captcha_next, locked: None } => {
                Self::new(Kind::Unauthenticated, "SIGN_IN_FAILED", "用户名或密码错误", "Wrong name or password").with_captcha(captcha_next)
            }
            E::SignInFailed { captcha_next, locked: Some(seconds) } => Self::new(
                Kind::Unauthenticated,
                "SIGN_IN_FAILED",
                "用户名或密码错误，失败次数过多，账号已临时锁定",
                "Wrong name or password; after this many failures the account is locked for a while",
            )
            .with_captcha(captcha_next)
            .retry_after(seconds),
            E::Locked { seconds } => Self::new(
                Kind::Locked,
                "ACCOUNT_LOCKED",
                "连续登录失败次数过多，账号已临时锁定",
                "Too many failed sign-ins in a row; the account is locked for a while",
            )
            .retry_after(seconds),
            E::NotVerified => {
                Self::new(Kind::Forbidden, "EMAIL_NOT_VERIFIED", "请先验证邮箱以激活账号", "Please verify your e-mail address first")
            }
            E::FirstPasswordOld => Self::new(
                Kind::Forbidden,
                "FIRST_PASSWORD_OLD",
                "初始密码已过期，请通过“忘记密码”设置新密码",
                "The first password is no longer good; please set one by “Forgot password?”",
            ),
            E::Disabled => Self::new(Kind::Forbidden, "ACCOUNT_DISABLED", "账号已被禁用", "This account is disabled"),
            E::SecondFactorRequired { captcha_next } => {
                Self::new(Kind::Unauthenticated, "SECOND_FACTOR_REQUIRED", "请输入两步验证码", "Please enter your second-factor code")
                    .with_captcha(captcha_next)
            }
            E::SecondFactorWrong { captcha_next } => Self::new(
                Kind::Unauthenticated,
                "SECOND_FACTOR_WRONG",
                "两步验证码错误或已使用",
                "The second-factor code is wrong or was used",
            )
            .with_captcha(captcha_next),
            E::SecondFactorAlreadyOn => {
                Self::new(Kind::Conflict, "SECOND_FACTOR_ALREADY_ON", "两步验证已启用", "The second factor is on already")
            }
            E::SecondFactorNotBegun => Self::new(
                Kind::Conflict,
                "SECOND_FACTOR_NOT_BEGUN",
                "请先开始设置两步验证",
                "Please begin setting up the second factor first",
            ),
            E::SecondFactorOff => Self::new(Kind::Conflict, "SECOND_FACTOR_OFF", "两步验证未启用", "The second factor is not on"),
            E::ChangedMeanwhile => {
                Self::new(Kind::Conflict, "CONFLICT", "账号刚刚被修改，请重试", "The account was changed just now; please try again")
            }
        }
    }
}
