import { project } from '../../vitest.project.ts';

export default project('ffn-constructions');
