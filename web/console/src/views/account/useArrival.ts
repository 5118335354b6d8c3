import { useRoute, useRouter } from 'vue-router'
import { landing } from '@/router/guard'
import { safeReturnPath } from '@/shared/return-path'

/** Goes on after signing in or after a duty: to where one wanted to be, else to the role's home page. The guard knows what is still due. */
export function useArrival() {
  const route = useRoute()
  const router = useRouter()
  return async (): Promise<void> => {
    await router.replace(safeReturnPath(route.query.return) ?? landing(router))
  }
}
