/* How a piece of equipment is said: maker and model, else what it is. */
import type { Asset } from '@/app/records'
import { t } from '@/ui/words-now'

export function assetName(asset: Pick<Asset, 'brand' | 'model' | 'category'>): string {
  const named = [asset.brand, asset.model].filter(Boolean).join(' ')
  return named || (asset.category ? t(`category.${asset.category}`) : t('category.other'))
}
