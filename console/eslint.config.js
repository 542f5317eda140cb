import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

export default typescript.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'vite.config.ts'],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked, hooks.configs.flat['recommended-latest']],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['vite.config.ts'] } } },
    rules: {
      // Numbers in texts need no conversion.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // GraphiQL's actions need no `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  { files: ['test/**/*.mjs', 'screenshots.mjs', 'speed.mjs'], languageOptions: { globals: { process: 'readonly', setTimeout: 'readonly', Buffer: 'readonly', fetch: 'readonly', document: 'readonly', DOMParser: 'readonly', window: 'readonly', console: 'readonly', URL: 'readonly', location: 'readonly', history: 'readonly' } } },
);
