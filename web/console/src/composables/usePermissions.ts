import { allows, type Permission } from '@/shared/permissions'
import { useSessionStore } from '@/stores/session'

export function usePermissions() {
  const session = useSessionStore()
  /** Any one of these is enough. */
  const can = (...asked: Permission[]): boolean => allows(session.me?.permissions ?? [], asked)
  return { can }
}
