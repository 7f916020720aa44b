import { maxRefusals, type Refusal, type TransferReport, type TransferSettings } from './options.ts';

/** Counts what a transfer does and tells whoever wants to know. */
export class TransferCounter {
  readonly refused: Refusal[] = [];
  readonly #onProgress: TransferSettings['onProgress'];
  bytes = 0;
  files = 0;
  skipped = 0;

  constructor(settings: Pick<TransferSettings, 'onProgress'>) {
    this.#onProgress = settings.onProgress;
  }

  moved(bytes: number): void {
    this.bytes += bytes;
    this.#tell();
  }

  finished(files: number): void {
    this.files += files;
    this.#tell();
  }

  refuse(path: string, why: string): void {
    if (this.refused.length < maxRefusals && !this.refused.some((refusal) => refusal.path === path))
      this.refused.push({ path, why });
  }

  report(): TransferReport {
    const { files, bytes, skipped, refused } = this;
    return { files, bytes, skipped, refused };
  }

  #tell(): void {
    this.#onProgress?.({ bytes: this.bytes, files: this.files });
  }
}
