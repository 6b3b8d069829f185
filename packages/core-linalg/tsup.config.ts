import { packageBuild } from '../../tsup.config.base.ts';

export default packageBuild(['src/index.ts', 'src/files/index.ts', 'src/intervals/index.ts']);
