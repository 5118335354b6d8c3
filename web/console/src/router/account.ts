import type { RouteRecordRaw } from 'vue-router'

/** Pages around signing in; they stand outside the shell. */
export const accountRoutes: RouteRecordRaw[] = [
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('@/views/account/SignInPage.vue'),
    meta: { title: 'account.signIn.title', public: true, guestOnly: true },
  },
  {
    path: '/sign-up',
    name: 'sign-up',
    component: () => import('@/views/account/SignUpPage.vue'),
    meta: { title: 'account.signUp.title', public: true, guestOnly: true },
  },
  {
    path: '/resend-verification',
    name: 'resend-verification',
    component: () => import('@/views/account/ResendVerificationPage.vue'),
    meta: { title: 'account.resend.title', public: true, guestOnly: true },
  },
  {
    path: '/verify-email',
    name: 'verify-email',
    component: () => import('@/views/account/VerifyEmailPage.vue'),
    meta: { title: 'account.verify.title', public: true },
  },
  {
    path: '/forgot-password',
    name: 'forgot-password',
    component: () => import('@/views/account/ForgotPasswordPage.vue'),
    meta: { title: 'account.forgot.title', public: true, guestOnly: true },
  },
  {
    path: '/reset-password',
    name: 'reset-password',
    component: () => import('@/views/account/ResetPasswordPage.vue'),
    meta: { title: 'account.reset.title', public: true },
  },
  {
    path: '/change-password',
    name: 'change-password',
    component: () => import('@/views/account/ForcedPasswordPage.vue'),
    meta: { title: 'account.change.title', forced: 'password' },
  },
  {
    path: '/set-up-second-factor',
    name: 'set-up-second-factor',
    component: () => import('@/views/account/ForcedSecondFactorPage.vue'),
    meta: { title: 'account.secondFactor.title', forced: 'second-factor' },
  },
  {
    path: '/mailbox',
    name: 'mailbox',
    component: () => import('@/views/mailbox/MailboxPage.vue'),
    meta: { title: 'mailbox.title', public: true },
  },
]
