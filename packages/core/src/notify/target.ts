/** Where notifications go: addresses of mail, separated by commas, or the URL of a webhook. */
export type NotificationTarget =
  | { readonly channel: 'mail' | 'webhook'; readonly target: string }
  | { readonly problem: string };

const maxUrlLength = 2000;
const maxAddresses = 20;
/** The forms that people use: nothing that is special in a header or in SMTP. */
const addressPattern = /^[A-Za-z0-9_+][\w.%+=~&'-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** Reads what somebody gave as a target; `problem` says what is wrong with it and what to do. */
export function parseNotificationTarget(text: string): NotificationTarget {
  const trimmed = text.trim();
  return /^[a-z][a-z\d+.-]*:/i.test(trimmed) ? readUrl(trimmed) : readAddresses(trimmed);
}

function readUrl(text: string): NotificationTarget {
  if (text.length > maxUrlLength) return { problem: `The URL is longer than ${maxUrlLength} characters.` };
  if (!URL.canParse(text)) return { problem: 'The URL cannot be read; write https://HOST/PATH.' };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { problem: `Webhooks go to http and https URLs, not to ${url.protocol.slice(0, 20)}` };
  if (url.username !== '' || url.password !== '')
    return { problem: 'The URL holds a user or a password; receivers check the signature instead.' };
  url.hash = '';
  return { channel: 'webhook', target: url.href };
}

function readAddresses(text: string): NotificationTarget {
  const addresses = [...new Set(text.split(',').map((part) => part.trim()))];
  if (addresses.length > maxAddresses) return { problem: `A rule has at most ${maxAddresses} addresses.` };
  const wrong = addresses.find((address) => !addressPattern.test(address) || address.length > 254);
  if (wrong !== undefined)
    return { problem: `${JSON.stringify(wrong.slice(0, 100))} is neither an address of mail nor a URL.` };
  return { channel: 'mail', target: addresses.join(',') };
}
