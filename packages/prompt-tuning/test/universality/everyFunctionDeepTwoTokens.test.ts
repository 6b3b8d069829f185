import { exhaustiveTests } from './exhaustive.ts';

exhaustiveTests('deep', [[1, 2, 2, 256]]);
