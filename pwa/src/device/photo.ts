/* A photo made small on the phone: at most 1600 px and 500 KB, taken-at kept, everything else of EXIF gone (it is drawn
   anew). Bytes go into the database before anything names them. */

export const LONGEST_PX = 1600
export const LARGEST_BYTES = 500_000
const QUALITIES = [0.82, 0.72, 0.6, 0.48]
const SHRINK = 0.75

export interface Shot {
  bytes: ArrayBuffer
  content_type: 'image/jpeg'
  taken_at: string
}

/** The bytes are no picture that this phone can read. */
export class NotAPicture extends Error {
  override name = 'NotAPicture'
}

/** A picture from the camera application or the gallery. Raises NotAPicture. */
export async function shotOfFile(file: File): Promise<Shot> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => {
    throw new NotAPicture(file.type || file.name)
  })
  try {
    return await compressed(bitmap, bitmap.width, bitmap.height, file.lastModified || Date.now())
  } finally {
    bitmap.close()
  }
}

/** The picture a video element shows now. */
export function shotOfVideo(video: HTMLVideoElement): Promise<Shot> {
  return compressed(video, video.videoWidth, video.videoHeight, Date.now())
}

async function compressed(source: CanvasImageSource, width: number, height: number, taken_ms: number): Promise<Shot> {
  let scale = Math.min(1, LONGEST_PX / Math.max(width, height))
  for (;;) {
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(width * scale))
    canvas.height = Math.max(1, Math.round(height * scale))
    canvas.getContext('2d')!.drawImage(source, 0, 0, canvas.width, canvas.height)
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality))
      if (!blob) throw new NotAPicture('the canvas gave nothing')
      if (blob.size <= LARGEST_BYTES) {
        return { bytes: await blob.arrayBuffer(), content_type: 'image/jpeg', taken_at: new Date(taken_ms).toISOString() }
      }
    }
    scale *= SHRINK // a picture of pure noise: rather smaller than refused
  }
}
