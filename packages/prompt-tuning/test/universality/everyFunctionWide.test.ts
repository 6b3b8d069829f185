import { exhaustiveTests } from './exhaustive.ts';

exhaustiveTests('wide', [[1, 1, 2, 4], [1, 1, 3, 27], [1, 1, 4, 256], [1, 2, 2, 256], [2, 1, 2, 256]]);
