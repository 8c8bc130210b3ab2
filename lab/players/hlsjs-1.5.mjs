// hls.js 1.5 with its default configuration.
import hlsjs from './hlsjs.mjs';

export default { ...hlsjs, name: 'hlsjs-1.5', npm: 'hls.js-1.5', script: 'hls.js-1.5/dist/hls.js', profile: 'hlsjs-1.5' };
