import { project } from '../../vitest.project.ts';

export default project('doctest', ['doctest.test.ts', 'test/*.test.ts']);
