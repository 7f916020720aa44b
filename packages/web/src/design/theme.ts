import { ref, type Ref } from 'vue';

export type Theme = 'light' | 'dark';

const storageKey = 'autotest.theme';
const theme = ref<Theme>('light');

/** Before the first paint: the theme chosen here before, else the system's, which is followed while nothing was chosen. */
export function applyStoredTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const stored = readStored();
  apply(stored ?? (system.matches ? 'dark' : 'light'));
  system.addEventListener('change', () => {
    if (readStored() === undefined) apply(system.matches ? 'dark' : 'light');
  });
}

/** The theme in use, and a switch that is remembered. */
export function useTheme(): { theme: Readonly<Ref<Theme>>; toggle(): void } {
  return {
    theme,
    toggle() {
      apply(theme.value === 'dark' ? 'light' : 'dark');
      try {
        localStorage.setItem(storageKey, theme.value);
      } catch {
        // Storage may be switched off; then the choice lasts as long as the page.
      }
    },
  };
}

function apply(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset['theme'] = next;
}

function readStored(): Theme | undefined {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === 'light' || stored === 'dark' ? stored : undefined;
  } catch {
    return undefined;
  }
}
