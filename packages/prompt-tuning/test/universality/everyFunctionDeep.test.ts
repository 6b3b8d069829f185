import { exhaustiveTests } from './exhaustive.ts';

// (1, 2, 2) has 2048 layers behind the attention and a file of its own.
exhaustiveTests('deep', [[1, 1, 2, 4], [1, 1, 3, 27], [1, 1, 4, 256], [2, 1, 2, 256]]);
