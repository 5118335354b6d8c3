import { useRouter } from 'vue-router'
import { allows } from '@/shared/permissions'
import { useSessionStore } from '@/stores/session'

/** Whether a path is a page of this console that the signed-in user may open: links to anywhere else are not offered. */
export function useReach() {
  const router = useRouter()
  const session = useSessionStore()
  const reaches = (path: string): boolean => {
    const found = router.resolve(path)
    return found.name !== 'not-found' && allows(session.me?.permissions ?? [], found.meta.permission)
  }
  return { reaches }
}
