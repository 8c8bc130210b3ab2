// video.js as in browsers that say nothing of the network (Safari, Firefox).
// Only if it is asked for.
import vhs from './vhs.mjs';

export default { ...vhs, name: 'vhs-other', profile: 'vhs-3.17-other', extra: true, config: { useNetworkInformationApi: false } };
