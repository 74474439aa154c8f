/* The sentences behind clause ids, from the installed letters; asked once per letter. */
import type { InjectionKey, Ref } from 'vue'
import { ask, type Both, type Schema } from '@/api/client'
import { api } from '../api'
import { PASTED } from './pasted'

type Letter = Schema<'LetterOut'>
export type Clause = Schema<'ClauseOut'> & { letter_title: Both }

const known = new Map<string, Promise<Letter | null>>()

/** The letter versions that were signed for what the page shows: its clauses are quoted out of these. */
export const SIGNED: InjectionKey<Ref<string[]>> = Symbol('signed letters')

/** The clauses of a pasted letter are read under a name of their own, so that they never stand for an installed version's. */
export function standIn(letter: Letter): string {
  const ref = `${letter.letter}@${PASTED}`
  known.set(ref, Promise.resolve(letter))
  return ref
}

export async function clauseOf(id: string, signed: string[]): Promise<Clause | null> {
  const name = id.split('-')[0] ?? id
  const ref = signed.find((one) => one.split('@')[0] === name) ?? name
  const letter = await letterOf(ref)
  const clause = letter?.clauses.find((one) => one.id === id)
  return letter && clause ? { ...clause, letter_title: letter.title } : null
}

export function letterOf(ref: string): Promise<Letter | null> {
  let asked = known.get(ref)
  if (!asked) {
    asked = ask(api.GET('/api/letters/{ref}', { params: { path: { ref } } })).then((answer) => {
      if (!answer.ok) known.delete(ref) // asked again next time
      return answer.ok ? answer.value : null
    })
    known.set(ref, asked)
  }
  return asked
}
