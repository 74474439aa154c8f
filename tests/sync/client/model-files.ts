// The files' half of the model server: tus 1.0 as M-56 and M-57 want it, in memory.
import { createHash } from 'node:crypto';
import type { HttpAnswer, HttpRequest } from '@fieldpledge/sync-client';

interface Upload { length: number; bytes: Uint8Array[]; offset: number }

export class ModelFiles {
  /** SHA-256 → size of what is stored */
  stored = new Map<string, number>();
  uploads = new Map<string, Upload>();
  /** Bytes received in all, to see what was sent twice. */
  received = 0;
  constructor(private readonly told: (sha256: string, size: number) => void) {}

  answer(request: HttpRequest): HttpAnswer {
    const headers = request.headers ?? {};
    if (headers['tus-resumable'] !== '1.0.0') return problem(412, 'invalid-parameter');
    if (request.method === 'POST') return this.create(headers);
    const sha256 = request.path.split('/').at(-1)!;
    const upload = this.uploads.get(sha256);
    if (!upload) return { status: 404, headers: {}, text: '' };
    if (request.method === 'HEAD') return said(200, upload);
    return this.patch(sha256, upload, request);
  }

  private create(headers: Record<string, string>): HttpAnswer {
    const metadata = Object.fromEntries(headers['upload-metadata']!.split(',').map((pair) => {
      const [name = '', value = ''] = pair.split(' ');
      return [name, Buffer.from(value, 'base64').toString('utf8')];
    }));
    const sha256 = metadata['sha256']!;
    const length = Number(headers['upload-length']);
    const known = this.uploads.get(sha256);
    if (known && known.length !== length) return problem(409, 'upload-mismatch');
    const upload = known ?? { length, bytes: [], offset: 0 };
    this.uploads.set(sha256, upload);
    const answer = said(known ? 200 : 201, upload);
    return { ...answer, headers: { ...answer.headers, location: `http://model/api/files/uploads/${sha256}` } };
  }

  private patch(sha256: string, upload: Upload, request: HttpRequest): HttpAnswer {
    const headers = request.headers ?? {};
    const chunk = request.body as Uint8Array;
    if (Number(headers['upload-offset']) !== upload.offset) {
      return { ...problem(409, 'upload-mismatch'), headers: said(409, upload).headers };
    }
    if (headers['upload-checksum'] !== `sha256 ${createHash('sha256').update(chunk).digest('base64')}`) {
      return { status: 460, headers: {}, text: '' };
    }
    this.received += chunk.length;
    upload.bytes.push(chunk);
    upload.offset += chunk.length;
    if (upload.offset < upload.length) return said(204, upload);
    const digest = createHash('sha256').update(Buffer.concat(upload.bytes)).digest('hex');
    if (digest !== sha256) {
      Object.assign(upload, { bytes: [], offset: 0 });
      return problem(422, 'file-hash-wrong');
    }
    this.stored.set(sha256, upload.length);
    this.told(sha256, upload.length);
    return said(204, upload);
  }
}

function said(status: number, upload: Upload): HttpAnswer {
  return { status, headers: { 'upload-offset': String(upload.offset), 'upload-length': String(upload.length) }, text: '' };
}

function problem(status: number, slug: string): HttpAnswer {
  return { status, headers: {}, text: JSON.stringify({ type: `/problems/${slug}`, title: slug, detail: slug }) };
}
