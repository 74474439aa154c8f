// The device's key: made once, kept in the database as a key that cannot be taken out (WebCrypto, not extractable).
import { canonical } from '../canonical';
import { keep, metaOf } from '../context';
import { sha256 } from '../ids';
import type { Signer, Store } from '../ports';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

/** The signer of one database; makes its key pair at first use. `key_id` is the key's RFC 7638 thumbprint in hex. */
export async function signerOf(store: Store): Promise<Signer> {
  const known = await store.read(['meta'], (tx) => metaOf(tx, 'key', null));
  const fresh = known ?? await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const pair = await store.write(['meta'], async (tx) => {
    // Another tab may have been quicker.
    const first = await metaOf(tx, 'key', null);
    if (!first) await keep(tx, 'key', fresh);
    return first ?? fresh;
  });
  const public_key = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const { crv = '', kty = '', x = '', y = '' } = public_key;
  return {
    key_id: await sha256(canonical({ crv, kty, x, y })),
    public_key: { crv, kty, x, y },
    async sign(text) {
      const signature = await crypto.subtle.sign(SIGNATURE, pair.privateKey, new TextEncoder().encode(text));
      return base64url(new Uint8Array(signature));
    },
  };
}

function base64url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
