/* The phone's plain requests outside sync: sign-in, who am I, devices. */
import { clientOf } from '@/api/client'

const PATIENCE_MS = 15_000

export const api = clientOf(PATIENCE_MS)
