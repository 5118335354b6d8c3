import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import ts from 'typescript-eslint'

const TOO_NEW = ['at', 'findLast', 'findLastIndex', 'hasOwn', 'replaceAll', 'toReversed', 'toSorted', 'toSpliced']

export default ts.config(
  { ignores: ['dist/**', 'node_modules/**', 'unpackage/**'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/recommended'],
  { files: ['**/*.vue'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true }],
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/require-default-prop': 'off',
      'vue/multi-word-component-names': 'error',
    },
  },
  {
    // Older phones have none of these, and nothing puts them in: iOS before 15.4, Chromium before 98.
    files: ['src/**/*.ts', 'src/**/*.vue'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: `CallExpression[callee.property.name=/^(${TOO_NEW.join('|')})$/]`,
          message: 'Older phones have no such function.',
        },
        { selector: "CallExpression[callee.name='structuredClone']", message: 'Older phones have no such function.' },
      ],
    },
  },
  // A page's file name is its address.
  { files: ['src/App.vue', 'src/pages/*.vue'], rules: { 'vue/multi-word-component-names': 'off' } },
  prettier,
)
