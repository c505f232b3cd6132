import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import { chooseTheme, chosenTheme, THEMES, type Theme } from '../browser/theme.ts';

const NAME: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Light, dark, or what the system says. */
export function ThemeSwitch(): ComponentChild {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (event: Event) => {
    const { value } = event.currentTarget as HTMLSelectElement;
    const chosen = THEMES.find((each) => each === value) ?? 'system';
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return h(
    'label',
    { class: 'theme' },
    h('span', { class: 'visually-hidden' }, 'Colours'),
    h(
      'select',
      { value: theme, onChange: choose },
      THEMES.map((each) => h('option', { key: each, value: each }, NAME[each])),
    ),
  );
}
