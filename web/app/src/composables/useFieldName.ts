import { getCurrentInstance, onMounted, watch } from 'vue'

/**
 * What a screen reader calls a field. In a browser uni-app's field is an element around the browser's own, which has
 * the focus and would be without a name.
 */
export function useFieldName(name: () => string): void {
  // #ifdef H5
  const field = getCurrentInstance()
  const give = () => {
    const around = field?.proxy?.$el as Element | undefined
    around?.querySelector('input, textarea')?.setAttribute('aria-label', name())
  }
  onMounted(give)
  watch(name, give)
  // #endif
}
