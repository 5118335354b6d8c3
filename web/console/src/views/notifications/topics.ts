import type { Component } from 'vue'
import { Bell, Coin, Connection, Key, Opportunity, Promotion, Stamp, User } from '@element-plus/icons-vue'

const TOPICS = {
  account: User,
  quota: Coin,
  grant: Stamp,
  keys: Key,
  client: Connection,
  callback: Promotion,
  venue: Opportunity,
} as const

export type Topic = keyof typeof TOPICS | 'other'

const isTopic = (text: string): text is keyof typeof TOPICS => Object.hasOwn(TOPICS, text)

/** What a notification is about: the part of its kind before the dot. */
export function topicOf(kind: string): Topic {
  const name = kind.split('.')[0] ?? ''
  return isTopic(name) ? name : 'other'
}

export const iconOf = (topic: Topic): Component => (topic === 'other' ? Bell : TOPICS[topic])
