import { useI18n } from 'vue-i18n'
import { disableProject, enableProject } from '@/api/projects'
import type { Project } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'

/** Switching a project off and on, the same in the list and on the project's page. */
export function useProjectActions(changed: (project: Project) => void) {
  const { t } = useI18n()

  const ask = (change: 'disable' | 'enable', project: Project) =>
    confirmAction({
      title: t(`projects.${change}.title`, { name: project.name }),
      message: t(`projects.${change}.message`),
      confirm: t(`projects.${change}.action`),
      danger: change === 'disable',
      action: async () => {
        changed(await (change === 'disable' ? disableProject : enableProject)(project.id))
        ElMessage.success(t(`projects.${change}.done`, { name: project.name }))
      },
    })

  /** As a row action or a button. */
  const switchOf = (project: Project) => {
    const change = project.state === 'active' ? 'disable' : 'enable'
    return {
      key: change,
      label: t(`projects.${change}.action`),
      danger: change === 'disable',
      run: () => ask(change, project),
    }
  }
  return { switchOf }
}
