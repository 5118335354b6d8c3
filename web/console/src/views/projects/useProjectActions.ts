import { useI18n } from 'vue-i18n'
import { disableProject, enableProject, liftProjectBan } from '@/api/projects'
import type { Project } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'

const calls = { disable: disableProject, enable: enableProject, liftBan: liftProjectBan }

/** What the state column shows: a ban stands out over the state beneath it. */
export const shownState = (project: Project): Project['state'] | 'banned' =>
  project.state === 'active' && project.banned_until !== null ? 'banned' : project.state

/** Switching a project off and on, and lifting its ban; the same in the list and on the project's page. */
export function useProjectActions(changed: (project: Project) => void) {
  const { t } = useI18n()

  const ask = (change: keyof typeof calls, project: Project) =>
    confirmAction({
      title: t(`projects.${change}.title`, { name: project.name }),
      message: t(`projects.${change}.message`),
      confirm: t(`projects.${change}.action`),
      danger: change === 'disable',
      action: async () => {
        changed(await calls[change](project.id))
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
  const liftOf = (project: Project) => ({
    key: 'lift-ban',
    label: t('projects.liftBan.action'),
    hidden: project.banned_until === null,
    run: () => ask('liftBan', project),
  })
  return { switchOf, liftOf }
}
