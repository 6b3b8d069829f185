import { katex } from '@mdit/plugin-katex';
import { defineConfig } from 'vitepress';
import api from '../api/typedoc-sidebar.json' with { type: 'json' };

// Pages run the sources of the packages, so the site needs no build of them.
const source = '@prompt-limits/source';

export default defineConfig({
  title: 'prompt-limits',
  description: 'What prompt tuning can and cannot do, executable',
  base: process.env['DOCS_BASE'] ?? '/',
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env['DOCS_BASE'] ?? '/'}logo.svg` }]],
  markdown: {
    config: (md) => {
      md.use(katex, {
        throwOnError: true,
        // The plugin prints a ParseError and carries on; a bad formula must stop the build.
        transformer: (html: string) => {
          if (html.includes('katex-error')) throw new Error(`KaTeX: ${html}`);
          return html;
        },
      });
    },
  },
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      { text: 'Guide', link: '/guide/getting-started', activeMatch: '/guide/' },
      { text: 'Demos', items: [{ text: 'Attention and a prompt', link: '/demo' }, { text: 'Exact or polynomial', link: '/demo-fast' }] },
      { text: 'Paper', link: '/coverage', activeMatch: '/(coverage|errata)' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Getting started', link: '/guide/getting-started' },
          { text: 'Reading the limits report', link: '/guide/report' },
          { text: 'Live demo: attention', link: '/demo' },
          { text: 'Live demo: exact or polynomial', link: '/demo-fast' },
        ],
      },
      {
        text: 'Constructions',
        items: [
          { text: 'Boltzmann operator', link: '/constructions/boltzmann' },
          { text: 'Exact attention', link: '/constructions/attention' },
          { text: 'Transformer blocks', link: '/constructions/transformer' },
          { text: 'Contextual mappings of any rank', link: '/constructions/contextual-mapping' },
          { text: 'Checking a contextual mapping', link: '/constructions/contextual-mapping-check' },
          { text: 'Contexts of a whole grid', link: '/constructions/grid-context' },
          { text: 'What a prompt does', link: '/constructions/prompt-decomposition' },
          { text: 'Soft prompt tuning', link: '/constructions/soft-prompt-tuning' },
          { text: 'Prompt length', link: '/constructions/prompt-length' },
          { text: 'Quantised functions', link: '/constructions/quantised-functions' },
          { text: 'Universality by prompt', link: '/constructions/universality' },
          { text: 'Memorisation by prompt', link: '/constructions/memorisation' },
          { text: 'Efficiency criterion', link: '/constructions/efficiency-criterion' },
          { text: 'Near-linear attention', link: '/constructions/fast-attention' },
          { text: 'The near-linear gradient', link: '/constructions/fast-gradient' },
          { text: 'Adaptive truncation', link: '/constructions/adaptive-truncation' },
          { text: 'Exact or polynomial', link: '/constructions/planner' },
          { text: 'Compiled prompts', link: '/constructions/compiled-prompts' },
          { text: 'Feed-forward constructions', link: '/constructions/feed-forward' },
          { text: 'Value maps, deep and wide', link: '/constructions/value-maps' },
          { text: 'Kernels', link: '/constructions/kernels' },
        ],
      },
      {
        text: 'The paper',
        items: [
          { text: 'Coverage', link: '/coverage' },
          { text: 'Errata', link: '/errata' },
        ],
      },
      { text: 'API', link: '/api/', collapsed: true, items: api },
    ],
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/prompt-limits/prompt-limits' }],
    footer: { message: 'MIT licence', copyright: 'After Hu et al., Fundamental Limits of Prompt Tuning Transformers, ICLR 2025' },
  },
  vite: {
    resolve: { conditions: [source, 'module', 'browser', 'development|production'] },
    build: { chunkSizeWarningLimit: 2048 }, // kB; the search index is one chunk, loaded at the first search
    ssr: { resolve: { conditions: [source] }, noExternal: [/^@prompt-limits\//] },
  },
});
