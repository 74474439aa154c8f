/* Amounts as people read them: ¥1,234.50, other currencies by their code. The digits are the server's, never counted here. */
import type { Money } from '@/app/records'

export function moneyText(money: Money): string {
  const [whole = '0', coins] = money.amount.split('.')
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (coins ? `.${coins}` : '')
  return money.currency === 'CNY' ? `¥${digits}` : `${digits} ${money.currency}`
}
