import { del, get, patch, post, request, seg, type Paging } from './http'
import type { Captcha, CaptchaAnswer, Me, OwnEmailChange, Page, PublicConfig, SessionInfo, SignedIn } from './types'

export interface SignInRequest {
  name: string
  password: string
  captcha?: CaptchaAnswer
  totp?: string
}
export interface SignUpRequest {
  name: string
  email: string
  password: string
  captcha: CaptchaAnswer
}
export interface SecondFactorSetup {
  secret: string
  otpauth_url: string
  qr_svg: string
}

const anonymous = true

export const getConfig = () => request<PublicConfig>('GET', '/config', { anonymous })
export const newCaptcha = (kind: Captcha['kind']) => post<Captcha>('/captchas', { kind }, { anonymous })

export const signUp = (body: SignUpRequest) => post<void>('/sign-up', body, { anonymous })
export const resendVerification = (email: string, captcha: CaptchaAnswer) =>
  post<void>('/sign-up/resend', { email, captcha }, { anonymous })
export const verifyEmail = (token: string) => post<{ name: string }>('/sign-up/verify', { token }, { anonymous })

export const signIn = (body: SignInRequest) => post<SignedIn>('/session', body, { anonymous })
export const signOut = () => request<void>('DELETE', '/session', { anonymous })
export const forgotPassword = (email: string, captcha: CaptchaAnswer) =>
  post<void>('/password/forgot', { email, captcha }, { anonymous })
export const resetPassword = (token: string, password: string) =>
  post<void>('/password/reset', { token, password }, { anonymous })

/** Anonymous: asked at start to find out whether there is a session at all. */
export const getMe = () => request<Me>('GET', '/me', { anonymous })
export const updateMe = (change: { language?: Me['language'] }) => patch<Me>('/me', change)
export const changeOwnEmail = (body: OwnEmailChange) => post<Me>('/me/email', body)
export const changePassword = (current: string, password: string) => post<void>('/me/password', { current, password })

export const listSessions = (paging: Paging = {}, signal?: AbortSignal) =>
  get<Page<SessionInfo>>('/me/sessions', paging, signal)
export const endSession = (id: string) => del<void>(`/me/sessions/${seg(id)}`)
export const endOtherSessions = () => del<void>('/me/sessions')

export const beginSecondFactor = () => post<SecondFactorSetup>('/me/second-factor')
export const confirmSecondFactor = (password: string, code: string) =>
  post<{ recovery_codes: string[] }>('/me/second-factor/confirm', { password, code })
export const disableSecondFactor = (password: string, code: string) =>
  post<void>('/me/second-factor/disable', { password, code })
