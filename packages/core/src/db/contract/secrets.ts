export interface SecretStore {
  /** The secret of this name, 256 bits of chance as base64url; made by whoever asks first. */
  get(name: string): Promise<string>;
}
