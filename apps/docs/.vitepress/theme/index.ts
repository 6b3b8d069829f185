import 'katex/dist/katex.min.css';
import DefaultTheme from 'vitepress/theme';
import type { Theme } from 'vitepress';
import AttentionDemo from '../../components/AttentionDemo.vue';
import CoverageTable from '../../components/CoverageTable.vue';
import FastDemo from '../../components/FastDemo.vue';
import KernelProbe from '../../components/KernelProbe.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('AttentionDemo', AttentionDemo).component('CoverageTable', CoverageTable).component('FastDemo', FastDemo).component('KernelProbe', KernelProbe);
  },
} satisfies Theme;
