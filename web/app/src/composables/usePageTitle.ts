import { onHide, onShow } from '@dcloudio/uni-app'
import { watch } from 'vue'

/** Page titles are set at run time: those of a mini-program are otherwise built in, in one language. */
export function usePageTitle(title: () => string): void {
  let shown = false
  const set = () => {
    // A page underneath must not name the one on top.
    if (shown) void uni.setNavigationBarTitle({ title: title() })
  }
  onShow(() => {
    shown = true
    set()
  })
  onHide(() => {
    shown = false
  })
  watch(title, set)
}
