// The chain over a device's operations (M-11, M-63, M-64): evidence of what was made here, in which order.
import { canonical } from './canonical';
import { sha256 } from './ids';
import type { Fields, Json, Operation } from './words';

/** An operation as it travels, or the void that stands for a lost one (M-12). */
export type Sent = (Operation & { seq: number }) | { seq: number; void: string };

/** hash(value) of M-05. */
export function hashOf(value: Json): Promise<string> {
  return sha256(canonical(value));
}

/** What the sender says, without its place in the order. */
export function contentHashOf(sent: Sent): Promise<string> {
  const { seq: _, ...content } = sent;
  return hashOf(content as unknown as Fields);
}

/** link(0): where a device's chain begins. */
export function firstLinkOf(device_id: string): Promise<string> {
  return hashOf({ device_id });
}

/** link(n) from link(n−1). */
export async function nextLinkOf(prev: string, sent: Sent): Promise<string> {
  return hashOf({ content: await contentHashOf(sent), prev, seq: sent.seq });
}

/** The links of consecutive operations after `prev`. */
export async function linksOf(prev: string, sent: readonly Sent[]): Promise<string[]> {
  const links: string[] = [];
  for (const each of sent) links.push(await nextLinkOf(links.at(-1) ?? prev, each));
  return links;
}
