/* Reads a barcode or QR from a picture where the browser can; where it cannot, no button offers it. */
interface Detector {
  detect(image: ImageBitmapSource): Promise<{ rawValue: string }[]>
}

declare global {
  interface Window {
    BarcodeDetector?: new (options?: { formats: string[] }) => Detector
  }
}

export function canScan(): boolean {
  return typeof window.BarcodeDetector === 'function'
}

/** The first code in a picture, or null. */
export async function codeIn(image: ImageBitmapSource): Promise<string | null> {
  if (!window.BarcodeDetector) return null
  const found = await new window.BarcodeDetector().detect(image).catch(() => [])
  return found[0]?.rawValue.trim() || null
}
