// Sealing of what is stored. Today the plain seal: the box is the value itself. Every stored payload goes through it
// (K-11), so that encryption needs another Seal and no other schema.
import type { Seal } from './ports';
import type { Json, Sealed } from './words';

/** The key for this box is not at hand: the application is locked, or the box is another person's. */
export class SealedShut extends Error {
  override name = 'SealedShut';
  constructor(readonly key: string) {
    super(`sealed with key ${key}, which is not open here`);
  }
}

/** No encryption: the box is the value. */
export const plainSeal: Seal = {
  seal: (value: Json): Sealed => ({ key: 'plain', box: value }),
  open: (sealed: Sealed): Json => {
    if (sealed.key !== 'plain' || sealed.box instanceof ArrayBuffer) throw new SealedShut(sealed.key);
    return sealed.box;
  },
};
